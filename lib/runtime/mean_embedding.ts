/**
 * What an untrained mask token looks like: the text that it continues, on average.
 *
 * @module
 */

import type { Embedding } from "../../models/embedding.ts";

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
