import { assertEquals } from "@std/assert";
import { timings } from "../../wire/openai/_generation.ts";
import { streamFigures } from "./streams.ts";

/** An answer of a letter a token. */
function answer(text: string, times: number[]) {
  return { text, times, timings: { ...timings, predicted_n: times.length } };
}

Deno.test("streamFigures() compares answers at once with the same ones alone", () => {
  const alone = [
    { begun: 0, answer: answer("abc", [20, 30, 40]) },
    { begun: 50, answer: answer("xyz", [60, 70, 80]) },
  ];
  const answers = [
    answer("abc", [130, 150, 170]),
    answer("xyq", [120, 140, 200]),
  ];
  assertEquals(streamFigures({ begun: 100, answers }, alone), {
    tokensPerSecond: 60,
    overAlone: 0.7,
    first: 25,
    lastFirst: 30,
    between: 20,
    longBetween: 60,
    slowestOverFastest: 2,
    identical: 1,
  });
});
