import { assert, assertEquals } from "@std/assert";
import { exp } from "../../../lib/bita/choose/exp.ts";

Deno.test("exp() agrees with Math.exp to 10 digits", () => {
  for (let x = -100; x <= 0; x += 0.0037) {
    assert(Math.abs(exp(x) / Math.exp(x) - 1) < 1e-10, `at ${x}`);
  }
});

Deno.test("exp() never falls as its argument rises", () => {
  for (let x = -20, before = 0; x <= 0; x += 0.0001) {
    const now = Math.fround(exp(x));
    assert(now >= before, `at ${x}`);
    before = now;
  }
});

Deno.test("exp() is exact at its limits", () => {
  assertEquals(exp(0), 1);
  assertEquals(exp(-Infinity), 0);
  assertEquals(exp(NaN), NaN);
});
