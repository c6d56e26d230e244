/**
 * Reads a prompt into a sequence, all but what it knows already and but the last
 * token, which is the root of the first pass. It goes block by block, so that other
 * texts get their turns between.
 *
 * @module
 */

import type { Model, Sequence } from "./model.ts";
import { layOut } from "../tree/pass_layout.ts";
import { chain } from "../tree/tree.ts";

/** The most rows of a block; on a CPU, larger ones are hardly faster. */
const BLOCK = 64;

/** What {@linkcode prefill} needs besides the prompt. */
export interface PrefillOptions {
  /** The model of the sequence. */
  model: Model;
  /** Stops before the next block, with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Computes the prompt up to its last token; returns the slot of that one. */
export async function prefill(
  sequence: Sequence,
  prompt: Int32Array,
  { model, signal }: PrefillOptions,
): Promise<number> {
  const last = prompt.length - 1;
  const { known = 0 } = sequence;
  const { prefillRows = Math.min(BLOCK, model.maxRows) } = model;
  for (let position = known; position < last; position += prefillRows) {
    const end = Math.min(position + prefillRows, last);
    const tokens = prompt.subarray(position, end);
    const { pass } = layOut({
      parents: chain(tokens.length - 1),
      tokens,
      masks: new Int32Array(tokens.length),
    }, { start: model.prompts + position, position });
    signal?.throwIfAborted();
    await sequence.forward(pass);
  }
  return model.prompts + last;
}
