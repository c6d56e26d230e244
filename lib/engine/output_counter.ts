/**
 * Counts of a generation, added up output by output.
 *
 * @module
 */

import type { TimedOutput } from "../worker/messages.ts";
import type { Counts, Timings, Usage } from "./generation.ts";

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
