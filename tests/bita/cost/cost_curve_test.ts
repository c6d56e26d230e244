import { assertEquals, assertThrows } from "@std/assert";
import { costCurve } from "../../../lib/bita/cost/cost_curve.ts";

Deno.test("costCurve() is linear between samples and after them", () => {
  const curve = costCurve([[2, 10], [4, 14], [8, 30]]);
  assertEquals([1, 2, 3, 4, 6, 8, 10].map(curve), [10, 10, 12, 14, 22, 30, 38]);
});

Deno.test("costCurve() never falls for samples in any order", () => {
  const curve = costCurve([[8, 12], [2, 10], [4, 13]]);
  assertEquals([2, 4, 8, 16].map(curve), [10, 13, 13, 13]);
});

Deno.test("costCurve() throws on fewer than two samples", () => {
  assertThrows(() => costCurve([[2, 1]]), RangeError, "two samples");
});
