/**
 * Several answers streamed at once, summed up.
 *
 * @module
 */

import type { StreamedChat } from "./chat_stream.ts";
import { median, sum } from "../statistics.ts";

/** An answer streamed alone, and when it was asked for. */
export interface Alone {
  begun: number;
  answer: StreamedChat;
}

/** Answers to the same questions, asked all at once. */
export interface Together {
  begun: number;
  /** In the order of those alone. */
  answers: StreamedChat[];
}

/** What the clients saw; times in milliseconds. */
export interface StreamFigures {
  /** Tokens of all answers, from the first request to the last token. */
  tokensPerSecond: number;
  /** How much faster than one after the other. */
  overAlone: number;
  /** To the first piece of text, the median and the most. */
  first: number;
  lastFirst: number;
  /** Between pieces of text, the median and the 95th percentile. */
  between: number;
  longBetween: number;
  /** The slowest answer's time a token over the fastest's, behind the first. */
  slowestOverFastest: number;
  /** Answers that are the same as alone. */
  identical: number;
}

/** Compares answers given at once with the same ones given alone. */
export function streamFigures(
  { begun, answers }: Together,
  alone: readonly Alone[],
): StreamFigures {
  const end = Math.max(...answers.map(({ times }) => times.at(-1)!));
  const firsts = answers.map(({ times }) => times[0] - begun);
  const gaps = answers.flatMap(({ times }) =>
    times.slice(1).map((time, i) => time - times[i])
  ).toSorted((a, b) => a - b);
  const pace = answers.map(({ times, timings }) =>
    (times.at(-1)! - times[0]) / (timings.predicted_n - 1)
  );
  const oneByOne = alone.map(({ begun, answer }) =>
    answer.times.at(-1)! - begun
  );
  return {
    tokensPerSecond: sum(answers.map(({ timings }) => timings.predicted_n)) /
      (end - begun) * 1000,
    overAlone: sum(oneByOne) / (end - begun),
    first: median(firsts),
    lastFirst: Math.max(...firsts),
    between: median(gaps),
    longBetween: gaps[Math.floor(gaps.length * 0.95)],
    slowestOverFastest: Math.max(...pace) / Math.min(...pace),
    identical: answers.filter(({ text }, i) => text === alone[i].answer.text)
      .length,
  };
}
