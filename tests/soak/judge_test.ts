import { assertEquals, assertThrows } from "@std/assert";
import { uniform } from "../../lib/bita/choose/random.ts";
import { judge, type Sample } from "./judge.ts";

const MIB = 2 ** 20;

/** Makes the samples of two hours: noise, a warm-up, and what a test adds. */
function samples(
  { length = 120, change }: {
    length?: number;
    change?: (minute: number) => Partial<Sample>;
  } = {},
): Sample[] {
  return Array.from({ length }, (_, i) => ({
    seconds: i * 60,
    requests: i * 100,
    rss: 400 * MIB + Math.min(i, 20) * MIB + uniform(1, i) * 20 * MIB,
    heap: 30 * MIB + uniform(2, i) * MIB,
    descriptors: 60 + Math.floor(uniform(3, i) * 4),
    threads: 25 + Math.floor(uniform(4, i) * 3),
    ...{
      medianMs: 100,
      p95Ms: 300,
      wrong: 0,
      failed: 0,
      late: 0,
      gapMs: 0,
      share: 1,
    },
    ...change?.(i),
  }));
}

function bad(list: Sample[]): string[] {
  return judge(list).filter(({ isRight }) => !isRight).map(({ name }) => name);
}

Deno.test("judge() is content with noise and a warm-up", () => {
  assertEquals(bad(samples()), []);
});

Deno.test("judge() finds what grows slowly beneath the noise", () => {
  const cases: [string, (i: number) => Partial<Sample>][] = [
    ["rss", (i) => ({ rss: 400 * MIB + i * 0.4 * MIB })],
    ["heap", (i) => ({ heap: 30 * MIB + i * 0.05 * MIB })],
    ["descriptors", (i) => ({ descriptors: 60 + Math.floor(i / 12) })],
    ["threads", (i) => ({ threads: 25 + Math.floor(i / 20) })],
  ];
  for (const [name, change] of cases) {
    assertEquals(bad(samples({ change })), [name]);
  }
});

Deno.test("judge() is not misled by a few outliers", () => {
  const change = (i: number) => i % 17 === 0 ? { rss: 900 * MIB } : {};
  assertEquals(bad(samples({ change })), []);
});

Deno.test("judge() counts each wrong answer and each failure", () => {
  const change = (i: number) => i === 119 ? { wrong: 1, failed: 1 } : {};
  assertEquals(bad(samples({ change })), ["wrong", "failed"]);
});

Deno.test("judge() throws if there are too few samples", () => {
  assertThrows(() => judge(samples({ length: 10 })), RangeError, "received 6");
});
