import { assert, assertFalse } from "@std/assert";
import { loops } from "./loops.ts";

const RUN = Array.from({ length: 16 }, (_, i) => 100 + i);

Deno.test("loops() finds a run of 16 tokens that comes again", () => {
  assert(loops([1, ...RUN, 2, 3, ...RUN]));
});

Deno.test("loops() finds runs that overlap", () => {
  assert(loops(new Array(17).fill(5)));
});

Deno.test("loops() leaves 15 tokens that come again alone", () => {
  const short = RUN.slice(1);
  assertFalse(loops([1, ...short, 2, ...short, 3]));
  assertFalse(loops(new Array(16).fill(5)));
  assertFalse(loops([]));
});
