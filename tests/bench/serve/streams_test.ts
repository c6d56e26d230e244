import { assertEquals } from "@std/assert";
import { streamFigures } from "./streams.ts";

/** An answer of a letter a token. */
function answer(text: string, times: number[], guesses = 0) {
  return { text, tokens: times.length, times, guesses };
}

Deno.test("streamFigures() summarises rounds and compares the texts with those alone", () => {
  const rounds = [
    [answer("abc", [30, 50, 70]), answer("xyq", [20, 40, 100], 6)],
    [answer("def", [10, 20, 30]), answer("uvw", [15, 25, 35])],
  ];
  assertEquals(streamFigures(rounds, ["abc", "xyz", "def", "uvw"]), {
    tokensPerSecond: 12 / 135 * 1000,
    decodedPerSecond: 6 / 55 * 1000,
    first: 17.5,
    longestFirst: 30,
    between: 15,
    longBetween: 60,
    slowestOverFastest: 1.5,
    guesses: 0.5,
    identical: 3,
    answers: 4,
  });
});

Deno.test("streamFigures() has no decoding rate if the streams never decode at once", () => {
  const rounds = [[answer("ab", [10, 20]), answer("cd", [30, 40])]];
  const { decodedPerSecond } = streamFigures(rounds, ["ab", "cd"]);
  assertEquals(decodedPerSecond, NaN);
});
