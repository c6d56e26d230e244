/**
 * What bi-directional tuning teaches a frozen model (BiTA, arXiv 2401.12522 §3.1):
 * mask tokens that draft, and prompt tokens that they alone attend to.
 *
 * @module
 */

import type { Embedding } from "../../models/embedding.ts";

/** Learned tokens, M masks and P prompts. */
export interface Adapter {
  /** Mask tokens, M. */
  masks: number;
  /** `[M, dim]`; without it, each is the mean of the text's prompt. */
  maskEmbeddings?: Float32Array;
  /** Prompt tokens, P. */
  prompts: number;
  /** `[2 * layers, kvHeads, P, headDim]`, keys first. */
  promptKv: Float32Array<ArrayBuffer>;
}

/** Drafts a little with any model: nothing learned, three masks. */
export const UNTRAINED: Adapter = {
  masks: 3,
  prompts: 0,
  promptKv: new Float32Array(0),
};

/** Gives every mask the mean embedding of `prompt`: `[masks, dim]`. */
export function meanEmbedding(
  prompt: Int32Array,
  embedding: Pick<Embedding, "lookUp">,
  { masks, dim }: { masks: number; dim: number },
): Float32Array {
  const mean = new Float32Array(dim);
  const row = new Float32Array(dim);
  for (const id of prompt) {
    embedding.lookUp(id, row);
    for (let i = 0; i < dim; i++) mean[i] += row[i] / prompt.length;
  }
  const out = new Float32Array(masks * dim);
  for (let mask = 0; mask < masks; mask++) out.set(mean, mask * dim);
  return out;
}
