import { assertEquals } from "@std/assert";
import { type Level, rates } from "./serve_report.ts";
import type { StreamFigures } from "./streams.ts";

/** Repeats that differ only in their rates. */
function repeats(...tokensPerSecond: number[]): StreamFigures[] {
  return tokensPerSecond.map((tokensPerSecond) => ({
    tokensPerSecond,
    decodedPerSecond: NaN,
    first: 0,
    longestFirst: 0,
    between: 0,
    longBetween: 0,
    slowestOverFastest: 1,
    guesses: 0,
    identical: 1,
    answers: 1,
  }));
}

Deno.test("rates() compares rates of the same repeat", () => {
  const levels: Level[] = [{
    streams: 1,
    contestants: [
      { name: "none", repeats: repeats(10, 100, 20) },
      { name: "baseline none", repeats: repeats(20, 100, 20) },
      { name: "auto", repeats: repeats(10, 150, 30) },
      { name: "baseline auto", repeats: repeats(10, 150, 30) },
      { name: "llama.cpp", repeats: repeats(10, 50, 10) },
    ],
  }, {
    streams: 4,
    contestants: [
      { name: "none", repeats: repeats(20, 300, 40) },
      { name: "baseline none", repeats: repeats(20, 100, 20) },
      { name: "auto", repeats: repeats(40, 300, 80) },
      { name: "baseline auto", repeats: repeats(10, 150, 30) },
      { name: "llama.cpp", repeats: repeats(20, 50, 20) },
    ],
  }];
  const table = rates(levels, {
    metric: "tokensPerSecond",
    title: "rates",
    drafts: ["none", "auto"],
  });
  assertEquals(table.header.slice(-5), [
    "auto / none",
    "none / baseline none",
    "none / llama.cpp",
    "auto / baseline auto",
    "auto / llama.cpp",
  ]);
  assertEquals(table.rows, [
    [1, 20, 20, 30, 30, 10, 1, 1, 1, 1, 1, 1.5, 1, 2, 1, 3],
    [4, 40, 20, 80, 30, 20, 2, 1, 80 / 30, 1, 2, 2, 2, 2, 80 / 30, 4],
  ]);
});
