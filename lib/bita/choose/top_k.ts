/**
 * The best guesses of a row, without sorting the vocabulary.
 *
 * @module
 */

/** The most likely tokens of a row, best first; the lower id on a tie. */
export interface TopK {
  /** Vocabulary ids, at most as many as there are. */
  ids: number[];
  /**
   * Each one's probability, beside the {@linkcode RIVALS} best alone: how sure the row
   * is of it, without a sum over the vocabulary.
   */
  shares: number[];
}

/** Tokens whose probabilities add up to 1. */
const RIVALS = 10;

/** Finds the `k` most likely tokens, at least 1, of a row of logits, `[vocab]`. */
export function topK(logits: Float32Array, k: number): TopK {
  const ids = bestIds(logits, Math.max(k, RIVALS));
  const weights = ids.map((id) => Math.exp(logits[id] - logits[ids[0]]));
  const sum = weights.slice(0, RIVALS).reduce((sum, weight) => sum + weight);
  return {
    ids: ids.slice(0, k),
    shares: weights.slice(0, k).map((weight) => weight / sum),
  };
}

/** Finds the ids alone, best first. */
export function bestIds(logits: Float32Array, k: number): number[] {
  const ids: number[] = [];
  let worst = -Infinity;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id];
    if (logit > worst || id < k) worst = insert(ids, id, { logits, k });
  }
  return ids;
}

/** Puts an id in its place among the best; returns the logit to beat. */
function insert(
  ids: number[],
  id: number,
  { logits, k }: { logits: Float32Array; k: number },
): number {
  let rank = ids.length;
  while (rank > 0 && logits[ids[rank - 1]] < logits[id]) rank--;
  ids.splice(rank, 0, id);
  if (ids.length > k) ids.pop();
  return logits[ids[ids.length - 1]];
}
