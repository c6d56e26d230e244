/**
 * Reranks a mask's guesses by the token before them, which the mask did not see, and
 * turns them into probabilities. It takes no row and no pass, so each place of a tree
 * can have guesses of its own.
 *
 * Of the {@linkcode RERANKED} likeliest tokens of a mask, with logits `l`:
 *
 * ```text
 * score(v) = scale · (l(v) − l(best)) + gain · prev[before] · next[v]
 * score(none of them) = slope · (l(last) − l(best)) + offset
 * ```
 *
 * The softmax of these scores is the probability of each guess. `prev` and `next` have
 * rows for some tokens only; the product with any other token is 0.
 *
 * @module
 */

import type { TopK } from "../choose/top_k.ts";

/** What a head has learned for M masks. */
export interface ConditionalParameters {
  /** `[V]` ids of the tokens that have rows. */
  vocab: Int32Array;
  rank: number;
  /** `[V, rank]` of the token before a guess. */
  prev: Float32Array;
  /** `[V, rank]` of the guess. */
  next: Float32Array;
  /** `[M, 4]` the scale, gain, slope and offset of each mask. */
  depth: Float32Array;
}

/** Guesses of a mask that are compared with each other. */
export const RERANKED = 32;

/** The best of them, which are returned. */
const KEPT = 10;

/** Reranks the guesses of masks. */
export class ConditionalHead {
  readonly #parameters: ConditionalParameters;
  /** `[vocab]` the row of each token, or -1. */
  readonly #rows: Int32Array;

  /** @param vocab the number of ids that the model has. */
  constructor(parameters: ConditionalParameters, vocab: number) {
    this.#parameters = parameters;
    this.#rows = new Int32Array(vocab).fill(-1);
    for (const [row, id] of parameters.vocab.entries()) this.#rows[id] = row;
  }

  /**
   * Returns the likeliest guesses of a mask after a token, with their probabilities as
   * shares. They add up to less than 1, since it may be none of them.
   */
  rerank(
    { ids, shares }: TopK,
    { mask, before }: { mask: number; before: number },
  ): TopK {
    const [scale, gain, slope, offset] = this.#parameters.depth
      .subarray(4 * mask);
    const beside = shares.map((share) => Math.log(share / shares[0]));
    const scores = ids.map((id, rank) =>
      scale * beside[rank] + gain * this.#pair(before, id)
    );
    const none = slope * beside[beside.length - 1] + offset;
    const most = Math.max(none, ...scores);
    const weights = scores.map((score) => Math.exp(score - most));
    const sum = weights.reduce((a, b) => a + b, Math.exp(none - most));
    const best = [...ids.keys()]
      .sort((a, b) => weights[b] - weights[a])
      .slice(0, KEPT);
    return {
      ids: best.map((rank) => ids[rank]),
      shares: best.map((rank) => weights[rank] / sum),
    };
  }

  /** Returns the score of two tokens in a row. */
  #pair(before: number, token: number): number {
    const { prev, next, rank } = this.#parameters;
    const from = this.#rows[before] * rank;
    const to = this.#rows[token] * rank;
    if (from < 0 || to < 0) return 0;
    let sum = 0;
    for (let i = 0; i < rank; i++) sum += prev[from + i] * next[to + i];
    return sum;
  }
}
