/**
 * Makes one vector of a text: the state of its last token, or the mean of all.
 *
 * @module
 */

import { chain } from "../tree/tree.ts";
import type { Sequence, StepRunner } from "./model.ts";
import { type DecodeOutput, emptyOutput } from "./output.ts";

/** Rows of a text that are computed at once, as the head reads one of them. */
const MOST_ROWS = 32;

/** What to make a vector of. */
export interface EmbedOptions {
  prompt: Int32Array;
  /** Whether the last state counts, or all in equal shares. */
  pooling: "last" | "mean";
  signal?: AbortSignal | undefined;
}

/**
 * Computes a text in an empty sequence. The only output has its vector, `[dim]`, of
 * length 1.
 *
 * @throws the signal's reason once it aborts.
 */
export async function* embed(
  runner: StepRunner,
  sequence: Sequence,
  { prompt, pooling, signal }: EmbedOptions,
): AsyncGenerator<DecodeOutput, void> {
  const most = Math.min(MOST_ROWS, runner.shape.maxRows);
  let sum = new Float64Array();
  for (let from = 0; from < prompt.length; from += most) {
    const tokens = prompt.subarray(from, from + most);
    const last = tokens.length - 1;
    const parents = chain(last);
    const start = sequence.length;
    const step = { sequence, start, tokens, parents, read: [last] };
    const output = await runner.run(step, { signal });
    try {
      const rows = pooling === "mean" ? [...tokens.keys()] : [last];
      for (const state of await output.states!(rows)) {
        if (pooling === "last" || sum.length === 0) {
          sum = Float64Array.from(state);
        } else for (const [i, x] of state.entries()) sum[i] += x;
      }
    } finally {
      output.release();
    }
    sequence.length += tokens.length;
  }
  const length = Math.hypot(...sum);
  const embedding = Float32Array.from(
    sum,
    (x) => length === 0 ? 0 : x / length,
  );
  yield { ...emptyOutput("stop"), embedding };
}
