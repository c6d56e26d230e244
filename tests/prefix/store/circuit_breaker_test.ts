import { assertEquals } from "@std/assert";
import { CircuitBreaker } from "../../../lib/prefix/store/circuit_breaker.ts";

/** A breaker that has heard of some failures at time 0. */
function failing(times: number): CircuitBreaker {
  const breaker = new CircuitBreaker();
  for (let i = 0; i < times; i++) breaker.failed(0);
  return breaker;
}

Deno.test("CircuitBreaker lets some failures pass", () => {
  const breaker = failing(4);
  assertEquals(breaker.allows(0), true);
  breaker.succeeded();
  breaker.failed(0);
  assertEquals(breaker.allows(0), true);
});

Deno.test("CircuitBreaker asks nobody for 30 seconds, then one first", () => {
  const breaker = failing(5);
  assertEquals([0, 29_999].map((t) => breaker.allows(t)), [false, false]);
  assertEquals(breaker.allows(30_000), true);
  assertEquals(breaker.allows(30_001), false);
});

Deno.test("CircuitBreaker opens again on the first failure, closes on an answer", () => {
  const breaker = failing(5);
  breaker.allows(30_000);
  breaker.failed(31_000);
  assertEquals(breaker.allows(60_999), false);
  assertEquals(breaker.allows(61_000), true);
  breaker.succeeded();
  assertEquals(breaker.allows(61_001), true);
});
