import { assertAlmostEquals, assertEquals } from "@std/assert";
import { geometricMean, median, sum } from "./statistics.ts";

Deno.test("median() returns the middle in any order", () => {
  assertEquals(median([10, 1, 2]), 2);
  assertEquals(median([10, 9, 100, 1]), 9.5);
});

Deno.test("median() of nothing is NaN", () => {
  assertEquals(median([]), NaN);
});

Deno.test("geometricMean() of opposite ratios is 1", () => {
  assertAlmostEquals(geometricMean([2, 0.5]), 1);
  assertAlmostEquals(geometricMean([1, 8]), Math.sqrt(8));
});

Deno.test("sum() of nothing is 0", () => {
  assertEquals(sum([]), 0);
  assertEquals(sum([1, 2, 3]), 6);
});
