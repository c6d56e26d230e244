/**
 * How likely a model finds a token: the log probabilities of a row of logits, before
 * temperature, filters, penalties and biases.
 *
 * @module
 */

import { bestIds } from "./top_k.ts";

/** A token and the natural logarithm of its probability. */
export interface LogProb {
  /** Vocabulary id. */
  id: number;
  logprob: number;
}

/** A token of a text, and what was likely in its place. */
export interface TokenScore extends LogProb {
  /** The most likely tokens, the best first. */
  top: LogProb[];
}

/**
 * Returns the logarithm of the sum of the exponentials of a row of logits, `[vocab]`: a
 * logit less this is a log probability.
 */
export function logSumExp(logits: Float32Array): number {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    if (logits[i] > max) max = logits[i];
  }
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - max);
  return max + Math.log(sum);
}

/** Scores a token by its row of logits, `[vocab]`, beside the `most` likely ones. */
export function scoreToken(
  logits: Float32Array,
  id: number,
  most: number,
): TokenScore {
  const total = logSumExp(logits);
  const score = (id: number): LogProb => ({ id, logprob: logits[id] - total });
  const best = most > 0 ? bestIds(logits, most) : [];
  return { ...score(id), top: best.map(score) };
}
