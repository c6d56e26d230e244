/**
 * The best guesses of a row, without sorting the vocabulary.
 *
 * @module
 */

import { exp } from "./exp.ts";

/** The most likely tokens of a row, best first; the lower id on a tie. */
export interface TopK {
  /** Vocabulary ids, at most as many as there are. */
  ids: number[];
  /**
   * Their probabilities among the whole vocabulary. The sum over it takes longer
   * than the rest, so it is made when asked for; the row must still be valid.
   */
  readonly probabilities: number[];
}

/** Finds the `k` most likely tokens, at least 1, of a row of logits, `[vocab]`. */
export function topK(logits: Float32Array, k: number): TopK {
  const ids = bestIds(logits, k);
  return {
    ids,
    get probabilities() {
      const max = logits[ids[0]];
      const sum = weigh(logits, max);
      return ids.map((id) => exp(logits[id] - max) / sum);
    },
  };
}

/** Finds the ids alone, which takes a third of the time. */
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

/** Adds up the whole row, the likeliest token at 1. */
function weigh(logits: Float32Array, max: number): number {
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += exp(logits[id] - max);
  return sum;
}
