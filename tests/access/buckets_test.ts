import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { admit, type Buckets, charge } from "../../lib/access/buckets.ts";

const MINUTE = 60_000;

Deno.test("admit() lets a minute's requests go at once, then one as the bucket fills", () => {
  const limits = { requests: 3 };
  let buckets: Buckets | undefined;
  const ask = (now: number) => {
    const admission = admit(buckets, limits, now);
    buckets = admission.buckets;
    const [{ remaining, resetMs }] = admission.levels;
    return [admission.refused?.waitMs, remaining, resetMs];
  };
  assertEquals(ask(0), [undefined, 2, 20_000]);
  assertEquals(ask(0), [undefined, 1, 40_000]);
  assertEquals(ask(0), [undefined, 0, 60_000]);
  assertEquals(ask(0), [20_000, 0, 60_000]);
  assertEquals(ask(19_999), [1, 0, 40_001]);
  assertEquals(ask(20_000), [undefined, 0, 60_000]);
  assertEquals(ask(20_000 + 10 * MINUTE), [undefined, 2, 20_000]);
});

Deno.test("charge() may leave a debt, which has to be paid before the next request", () => {
  const limits = { tokens: 60, requests: 100 };
  const first = admit(undefined, limits, 0);
  assertEquals(first.refused, undefined);
  const owing = charge(first.buckets, limits, { tokens: 100, now: 1000 });
  const { refused, levels } = admit(owing, limits, 1000);
  assertEquals(refused, { kind: "tokens", limit: 60, waitMs: 41_000 });
  assertEquals(levels.map(({ kind, remaining }) => [kind, remaining]), [
    ["requests", 100],
    ["tokens", 0],
  ]);
  assertEquals(admit(owing, limits, 42_000).refused, undefined);
});

Deno.test("admit() takes nothing for a request that it refuses", () => {
  const limits = { tokens: 10, requests: 2 };
  const owing = charge(undefined, limits, { tokens: 50, now: 0 });
  const { buckets } = admit(owing, limits, 0);
  assertEquals(buckets, owing);
});

Deno.test("admit() survives clocks that differ, and one that is far ahead", () => {
  const limits = { requests: 1 };
  const { buckets } = admit(undefined, limits, 10_000);
  const behind = admit(buckets, limits, 9_000);
  assertEquals(behind.refused?.waitMs, 60_000);
  assertEquals(behind.buckets.at, 10_000);
  const ahead = admit(undefined, limits, 10 * MINUTE).buckets;
  assertEquals(admit(ahead, limits, 0).refused, undefined);
});

Deno.test("admit() never lets more than two minutes' worth go within one, and waits exactly", () => {
  const run = fc.property(
    fc.integer({ min: 1, max: 50 }),
    fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 200 }),
    (requests, pauses) => {
      let buckets: Buckets | undefined;
      let now = 0;
      const admitted: number[] = [];
      for (const pause of pauses) {
        now += pause;
        const admission = admit(buckets, { requests }, now);
        buckets = admission.buckets;
        const { refused } = admission;
        if (!refused) admitted.push(now);
        else {
          const then = admit(buckets, { requests }, now + refused.waitMs);
          assertEquals(then.refused, undefined);
        }
      }
      for (const at of admitted) {
        const within = admitted.filter((it) => it >= at && it < at + MINUTE);
        assert(within.length <= 2 * requests);
      }
    },
  );
  fc.assert(run, { numRuns: 200 });
});
