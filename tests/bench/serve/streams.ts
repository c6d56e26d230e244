/**
 * Figures about streams that run at once: rates, waiting times, fairness, identity.
 *
 * @module
 */

import { median, sum } from "../statistics.ts";

/** An answer as a client received it. */
export interface Answer {
  /** The text, or what identifies it, to compare with other answers. */
  text: string;
  tokens: number;
  /** Drafted tokens that passes verified. @default 0 */
  guesses?: number;
  /** When each piece came, in milliseconds since the start of the round. */
  times: number[];
}

/** Figures of some rounds; times in milliseconds. */
export interface StreamFigures {
  /** Tokens of all answers by the time of all rounds, prompts included. */
  tokensPerSecond: number;
  /** The same while all streams of a round decode; `NaN` if they never do. */
  decodedPerSecond: number;
  /** Time to the first piece: median and maximum. */
  first: number;
  longestFirst: number;
  /** Time between pieces: median and 95th percentile. */
  between: number;
  longBetween: number;
  /**
   * Time a token after the first piece, the slowest answer to the fastest; the median
   * over rounds.
   */
  slowestOverFastest: number;
  /** Verified guesses for each token. */
  guesses: number;
  /** How many of the answers equal those given alone. */
  identical: number;
  answers: number;
}

/**
 * Summarises rounds of answers given at once. `alone` holds the text that each prompt
 * got alone, in the order of the answers.
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
  const tokens = sum(answers.map(({ tokens }) => tokens));
  return {
    tokensPerSecond: tokens / sum(ends) * 1000,
    decodedPerSecond: sum(decoding.map(({ tokens }) => tokens)) /
      sum(decoding.map(({ ms }) => ms)) * 1000,
    first: median(firsts),
    longestFirst: Math.max(...firsts),
    between: median(gaps),
    longBetween: gaps[Math.floor(gaps.length * 0.95)],
    slowestOverFastest: median(rounds.map(slowestOverFastest)),
    guesses: sum(answers.map(({ guesses = 0 }) => guesses)) / tokens,
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
