import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { uniform } from "../../../lib/bita/choose/random.ts";
import { chiSquareChance } from "../_chi_square.ts";

Deno.test("uniform() returns the same number for the same seed and position", () => {
  assertEquals(uniform(7, 3), uniform(7, 3));
  assertNotEquals(uniform(7, 3), uniform(7, 4));
  assertNotEquals(uniform(7, 3), uniform(8, 3));
});

Deno.test("uniform() stays in [0, 1) and uses more than 32 bits", () => {
  let fine = 0;
  for (let i = 0; i < 10_000; i++) {
    const u = uniform(0xffffffff, i);
    assert(u >= 0 && u < 1);
    if (!Number.isInteger(u * 2 ** 32)) fine++;
  }
  assert(fine > 9_900);
});

Deno.test("uniform() is uniform over positions, seeds and pairs", () => {
  const draws: Record<string, (i: number) => number> = {
    positions: (i) => uniform(42, i) * 256,
    seeds: (i) => uniform(i, 42) * 256,
    "low bits": (i) => uniform(42, i) * 2 ** 53 % 256,
    "neighbouring positions": (i) =>
      Math.floor(uniform(1, i) * 16) * 16 + uniform(1, i + 1) * 16,
    "neighbouring seeds": (i) =>
      Math.floor(uniform(i, 1) * 16) * 16 + uniform(i + 1, 1) * 16,
    "seed and position swapped": (i) =>
      Math.floor(uniform(i, i + 1) * 16) * 16 + uniform(i + 1, i) * 16,
  };
  for (const [name, draw] of Object.entries(draws)) {
    const cells = new Array(256).fill(0);
    for (let i = 0; i < 65_536; i++) cells[Math.floor(draw(i))]++;
    const chance = chiSquareChance(cells, new Array(256).fill(256));
    assert(chance > 0.001 && chance < 0.999, `${name}: ${chance}`);
  }
});
