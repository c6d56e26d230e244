import { assertAlmostEquals, assertEquals } from "@std/assert";
import { scoreToken } from "../../../lib/bita/choose/logprobs.ts";

Deno.test("scoreToken() returns logarithms of the softmax of a row", () => {
  const row = Float32Array.of(1, 4, 2, 4, 900, 899);
  const { id, logprob, top } = scoreToken(row, 5, 3);
  assertEquals(id, 5);
  assertAlmostEquals(Math.exp(logprob), 1 / (1 + Math.E), 1e-12);
  assertEquals(top.map(({ id }) => id), [4, 5, 1]);
  assertEquals(top[1].logprob, logprob);
  assertAlmostEquals(top[2].logprob - top[0].logprob, -896, 1e-9);
});

Deno.test("scoreToken() lists no other token unless asked to", () => {
  const { logprob, top } = scoreToken(Float32Array.of(3, -Infinity), 1, 0);
  assertEquals([logprob, top], [-Infinity, []]);
});
