/**
 * Finds the most likely tokens of a row without sorting the vocabulary.
 *
 * @module
 */

/** The most likely tokens of a row, the best first, and the lower id on a tie. */
export interface TopK {
  /** Vocabulary ids. */
  ids: number[];
  /**
   * Probability of each token among the {@linkcode RIVALS} best alone. It shows how sure
   * the row is without a sum over the vocabulary.
   */
  shares: number[];
}

/** Number of best tokens whose shares add up to 1. */
const RIVALS = 10;

/** Returns the `k` most likely tokens of a row of logits, `[vocab]`; `k` is at least 1. */
export function topK(logits: Float32Array, k: number): TopK {
  const ids = bestIds(logits, Math.max(k, RIVALS));
  const weights = ids.map((id) => Math.exp(logits[id] - logits[ids[0]]));
  const sum = weights.slice(0, RIVALS).reduce((sum, weight) => sum + weight);
  return {
    ids: ids.slice(0, k),
    shares: weights.slice(0, k).map((weight) => weight / sum),
  };
}

/** Returns the ids of the `k` highest logits, the best first. */
export function bestIds(logits: Float32Array, k: number): number[] {
  const ids: number[] = [];
  let worst = -Infinity;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id];
    if (logit > worst || id < k) worst = insert(ids, id, logits, k);
  }
  return ids;
}

/** Inserts an id in order and returns the lowest logit of the best `k`. */
function insert(
  ids: number[],
  id: number,
  logits: Float32Array,
  k: number,
): number {
  let rank = ids.length;
  while (rank > 0 && logits[ids[rank - 1]] < logits[id]) rank--;
  ids.splice(rank, 0, id);
  if (ids.length > k) ids.pop();
  return logits[ids[ids.length - 1]];
}
