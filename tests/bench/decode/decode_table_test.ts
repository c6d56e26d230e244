import { assert, assertEquals, assertFalse } from "@std/assert";
import { byCategory, loops } from "./decode_table.ts";
import type { Run } from "./run.ts";

/** A run of `passes` passes with 10 ms and `rows` rows each. */
function run(tokens: number[], { passes, rows }: Record<string, number>): Run {
  return {
    tokens,
    firstMs: 5,
    restMs: passes * 10 - 5,
    decodeMs: passes * 10,
    passes,
    rows: passes * rows,
  };
}

Deno.test("byCategory() adds up passes and tokens before it divides", () => {
  const [math] = byCategory([
    {
      category: "math",
      none: run([1, 2, 3, 4], { passes: 4, rows: 1 }),
      drafted: run([1, 2, 3, 4], { passes: 2, rows: 16 }),
    },
    {
      category: "math",
      none: run([5, 6], { passes: 2, rows: 1 }),
      drafted: run([5, 7], { passes: 2, rows: 8 }),
    },
  ], "t").rows;
  const [name, prompts, tokensAPass, rowsAPass, ...rest] = math;
  assertEquals([name, prompts], ["math", 2]);
  assertEquals([tokensAPass, rowsAPass], [6 / 4, 12]);
  const [noneMs, draftedMs, nonePerSecond, draftedPerSecond, speedUp, same] =
    rest;
  assertEquals([noneMs, draftedMs], [10, 10]);
  assertEquals([nonePerSecond, draftedPerSecond], [100, 150]);
  assertEquals((speedUp as number).toFixed(6), Math.SQRT2.toFixed(6));
  assertEquals(same, "1/2");
});

Deno.test("byCategory() counts looping answers separately", () => {
  const loop = run(new Array(40).fill(9), { passes: 40, rows: 1 });
  const sound = run([1], { passes: 1, rows: 1 });
  const { rows } = byCategory([
    { category: "a", none: loop, drafted: loop },
    { category: "b", none: sound, drafted: sound },
  ], "t");
  assertEquals(
    rows.map(([name, prompts]) => [name, prompts]),
    [["b", 1], ["all", 1], ["looping", 1]],
  );
});

const RUN = Array.from({ length: 16 }, (_, i) => 100 + i);

Deno.test("loops() finds a run of 16 tokens that occurs twice", () => {
  assert(loops([1, ...RUN, 2, 3, ...RUN]));
});

Deno.test("loops() finds runs that overlap", () => {
  assert(loops(new Array(17).fill(5)));
});

Deno.test("loops() ignores a run of 15 tokens that occurs twice", () => {
  const short = RUN.slice(1);
  assertFalse(loops([1, ...short, 2, ...short, 3]));
  assertFalse(loops(new Array(16).fill(5)));
  assertFalse(loops([]));
});
