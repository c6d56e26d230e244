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
   * How far each one's logit is below the best, and the best above the second: how
   * sure the row is, without a sum over the vocabulary.
   */
  margins: number[];
}

/** Finds the `k` most likely tokens, at least 1, of a row of logits, `[vocab]`. */
export function topK(logits: Float32Array, k: number): TopK {
  const [best, second = best, ...others] = bestIds(logits, k + 1);
  const ids = [best, second, ...others].slice(0, Math.min(k, logits.length));
  const margins = ids.map((id) => logits[best] - logits[id]);
  margins[0] = logits[best] - logits[second];
  return { ids, margins };
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
