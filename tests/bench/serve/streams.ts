/**
 * Rounds of answers streamed at once, summed up.
 *
 * @module
 */

import { median, sum } from "../statistics.ts";

/** An answer as its client saw it. */
export interface Answer {
  /** What was answered, to compare with other answers to the same prompt. */
  text: string;
  tokens: number;
  /** When each piece came, in milliseconds from the start of the round. */
  times: number[];
}

/** What the clients saw; times in milliseconds. */
export interface StreamFigures {
  /** Tokens of all answers over the time of the rounds, prompts included. */
  tokensPerSecond: number;
  /** The same while all streams decode; `NaN` if they never do at once. */
  decodedPerSecond: number;
  /** To the first piece, the median and the longest. */
  first: number;
  longestFirst: number;
  /** Between pieces, the median and the 95th percentile. */
  between: number;
  longBetween: number;
  /**
   * The slowest answer's time a token over the fastest's, after the first piece; the
   * median over rounds.
   */
  slowestOverFastest: number;
  /** Answers that are the same as alone, of how many. */
  identical: number;
  answers: number;
}

/**
 * Sums up rounds that follow one another, each of answers given at once; `alone` has
 * the texts that the same prompts got alone, in the same order.
 */
export function streamFigures(
  rounds: readonly (readonly Answer[])[],
  alone: readonly string[],
): StreamFigures {
  const answers = rounds.flat();
  const gaps = answers.flatMap(({ times }) =>
    times.slice(1).map((time, i) => time - times[i])
  ).toSorted((a, b) => a - b);
  const firsts = answers.map(({ times }) => times[0]);
  const ends = rounds.map((round) => Math.max(...round.map(lastTime)));
  const decoding = rounds.map(whileAllDecode);
  return {
    tokensPerSecond: sum(answers.map(({ tokens }) => tokens)) / sum(ends) *
      1000,
    decodedPerSecond: sum(decoding.map(({ tokens }) => tokens)) /
      sum(decoding.map(({ ms }) => ms)) * 1000,
    first: median(firsts),
    longestFirst: Math.max(...firsts),
    between: median(gaps),
    longBetween: gaps[Math.floor(gaps.length * 0.95)],
    slowestOverFastest: median(rounds.map(slowestOverFastest)),
    identical: answers.filter(({ text }, i) => text === alone[i]).length,
    answers: answers.length,
  };
}

function lastTime({ times }: Answer): number {
  return times.at(-1)!;
}

/** Counts the tokens from the last stream's first piece to the first stream's end. */
function whileAllDecode(
  round: readonly Answer[],
): { tokens: number; ms: number } {
  const begin = Math.max(...round.map(({ times }) => times[0]));
  const end = Math.min(...round.map(lastTime));
  if (end <= begin) return { tokens: 0, ms: 0 };
  const tokens = sum(round.map(({ tokens, times }) => {
    const inside = times.filter((time) => time > begin && time <= end);
    return tokens * inside.length / times.length;
  }));
  return { tokens, ms: end - begin };
}

function slowestOverFastest(round: readonly Answer[]): number {
  const paces = round.map(({ times, tokens }) =>
    (times.at(-1)! - times[0]) / (tokens - 1)
  );
  return Math.max(...paces) / Math.min(...paces);
}
