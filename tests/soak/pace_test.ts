import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Latencies, nextPause } from "./pace.ts";

Deno.test("nextPause() gets longer while too much time is taken", () => {
  assertAlmostEquals(nextPause(100, { share: 0.3, target: 0.2 }), 150);
  assertAlmostEquals(nextPause(100, { share: 0.1, target: 0.2 }), 50);
  assertAlmostEquals(nextPause(100, { share: 9, target: 0.2 }), 200);
});

Deno.test("Latencies leaves out what was running while all was stopped", () => {
  let now = 0;
  const latencies = new Latencies(() => now);
  now = 500;
  latencies.add(100);
  now = 1000;
  latencies.look();
  now = 62_000; // a minute later than the next look
  latencies.add(900);
  now = 62_300;
  latencies.add(62_100);
  assertEquals(latencies.take(), { medianMs: 300, p95Ms: 400, gapMs: 60_000 });
  assertEquals(latencies.take(), { medianMs: null, p95Ms: null, gapMs: 0 });
});
