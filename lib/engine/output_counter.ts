/**
 * Counts of a generation, added up output by output.
 *
 * @module
 */

import type { TimedOutput } from "../worker/messages.ts";

/** Counts of tokens. */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** Prompt tokens whose keys and values were not computed again. */
  cachedTokens: number;
  /** Tokens of the request's prediction, by whether the answer came to them. */
  prediction?: { accepted: number; rejected: number };
}

/**
 * Where the time went; names as in llama.cpp where it has them, times in ms as the
 * client saw them pass, other requests' turns included.
 */
export interface Timings {
  prompt_n: number;
  prompt_ms: number;
  cache_n: number;
  predicted_n: number;
  predicted_ms: number;
  predicted_per_second: number;
  draft_n: number;
  draft_n_accepted: number;
  /** Forward passes of the decoding phase. */
  passes: number;
  /** Rows computed by them. */
  rows: number;
}

/** What a generation has taken so far. */
export interface Counts {
  usage: Usage;
  timings: Timings;
}

/**
 * Is called when the model begins with a request; `read` returns what it has taken so
 * far, also after the request was left.
 */
export type OnBegin = (read: () => Counts) => void;

/** The tokens that a generation starts from. */
interface Start {
  prompt: { length: number };
  prediction?: { length: number } | undefined;
}

/** Adds up the outputs of one generation. */
export class OutputCounter {
  readonly #start: Start;
  readonly #timings: Timings;
  #answerTokens = 0;
  /** Predicted tokens that the answer has come to. */
  #accepted = 0;

  constructor(start: Start) {
    this.#start = start;
    this.#timings = {
      prompt_n: start.prompt.length,
      prompt_ms: 0,
      cache_n: 0,
      predicted_n: 0,
      predicted_ms: 0,
      predicted_per_second: 0,
      draft_n: 0,
      draft_n_accepted: 0,
      passes: 0,
      rows: 0,
    };
  }

  /** Counts an output of which `tokens` are part of the answer. */
  add(output: TimedOutput, tokens: number): void {
    const timings = this.#timings;
    // A stop string may have cut off tokens that the decoder has counted.
    const accepted = Math.min(output.predicted ?? 0, this.#accepted + tokens);
    this.#accepted = Math.max(this.#accepted, accepted);
    this.#answerTokens += tokens;
    if (output.rows === 0) { // the end of the prefill
      timings.prompt_ms += output.ms;
      timings.cache_n += output.cached ?? 0;
      timings.prompt_n -= output.cached ?? 0;
      return;
    }
    timings.predicted_n += tokens;
    timings.predicted_ms += output.ms;
    timings.passes++;
    timings.rows += output.rows;
    timings.draft_n += output.drafted;
    timings.draft_n_accepted += output.accepted;
    if (timings.predicted_ms > 0) {
      timings.predicted_per_second = timings.predicted_n /
        timings.predicted_ms * 1000;
    }
  }

  /** What has been counted so far. */
  get counts(): Counts {
    const { prompt, prediction } = this.#start;
    const timings = { ...this.#timings };
    const usage: Usage = {
      promptTokens: prompt.length,
      completionTokens: this.#answerTokens,
      cachedTokens: timings.cache_n,
    };
    if (prediction) {
      const accepted = this.#accepted;
      usage.prediction = { accepted, rejected: prediction.length - accepted };
    }
    return { usage, timings };
  }
}

/** Adds up the counts of answers, `n` to a prompt, each prompt once. */
export function addUp(
  latest: readonly (Counts | undefined)[],
  n = 1,
): Counts {
  const all = latest.flatMap((counts, at) =>
    counts ? [{ ...counts, isFirst: at % n === 0 }] : []
  );
  const [first, ...others] = all;
  const usage = { ...first.usage };
  const timings = { ...first.timings };
  for (const other of others) {
    usage.completionTokens += other.usage.completionTokens;
    if (other.isFirst) {
      usage.promptTokens += other.usage.promptTokens;
      usage.cachedTokens += other.usage.cachedTokens;
    }
    if (usage.prediction && other.usage.prediction) {
      usage.prediction = {
        accepted: usage.prediction.accepted + other.usage.prediction.accepted,
        rejected: usage.prediction.rejected + other.usage.prediction.rejected,
      };
    }
    for (const name of Object.keys(timings) as (keyof typeof timings)[]) {
      timings[name] += other.timings[name];
    }
  }
  if (timings.predicted_ms > 0) {
    timings.predicted_per_second = timings.predicted_n / timings.predicted_ms *
      1000;
  }
  return { usage, timings };
}
