/**
 * Reads a prompt into its sequence. It skips what the sequence holds already, and the
 * last token, which is the root of the first step.
 *
 * @module
 */

import type { Sequence, StepRunner } from "./model.ts";
import { chain } from "../tree/tree.ts";

/**
 * Computes the keys and values of a prompt, up to its last token.
 *
 * @throws the signal's reason once it aborts, with what was read until then kept.
 */
export async function prefill(
  runner: StepRunner,
  sequence: Sequence,
  { prompt, signal }: { prompt: Int32Array; signal?: AbortSignal | undefined },
): Promise<void> {
  const known = sequence.length - runner.shape.softPrompt;
  const tokens = prompt.subarray(known, -1);
  if (tokens.length === 0) return signal?.throwIfAborted();
  const parents = chain(tokens.length - 1);
  const step = { sequence, start: sequence.length, tokens, parents, read: [] };
  (await runner.run(step, { signal })).release();
}
