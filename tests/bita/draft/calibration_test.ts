import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Calibration } from "../../../lib/bita/draft/calibration.ts";

const TABLE = {
  shares: [0.2, 0.6],
  seen: [[[10, 20, 5000], [90, 0, 0]], [[0, 80, 0]]],
  hits: [[[2, 10, 4500], [7, 0, 0]], [[0, 40, 0]]],
};

/** Returns the expected acceptance of a guess. */
function chance(share: number): number {
  const { prior } = new Calibration(TABLE).kind(share);
  return prior.hits / prior.tries;
}

Deno.test("Calibration expects the counted rate of a share", () => {
  assertAlmostEquals(chance(1), 0.9, 0.001);
  assertAlmostEquals(chance(0.6), 0.48, 0.01);
  assertAlmostEquals(chance(0.2), 0.09, 0.01);
  assertAlmostEquals(chance(0), 0.09, 0.01);
});

Deno.test("Calibration separates kinds", () => {
  const masks = new Calibration(TABLE), hydra = new Calibration(TABLE, "hydra");
  const kinds = [0.1, 0.15, 0.3, 0.7].flatMap((share) =>
    [masks, hydra].map((by) => by.kind(share).key)
  );
  assertEquals(new Set(kinds).size, 6);
});

Deno.test("Calibration limits the weight of its counts", () => {
  assertAlmostEquals(new Calibration(TABLE).kind(1).prior.tries, 50);
});

Deno.test("Calibration expects the counted rate of a mask's best guesses", () => {
  assertAlmostEquals(new Calibration(TABLE).best(0), 4512 / 5030, 0.001);
  assertAlmostEquals(new Calibration(TABLE).best(1), 0.5, 0.05);
});

Deno.test("Calibration expects little without counts", () => {
  const { prior } = new Calibration().kind(0.9);
  assert(prior.hits / prior.tries < 0.05);
  assert(new Calibration().best(1) < 0.05);
  assert(new Calibration(TABLE).best(2) < 0.05);
});
