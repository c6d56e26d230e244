/**
 * How little a model expects a token, for perplexities.
 *
 * @module
 */

/** Returns minus the logarithm of a token's probability. */
export function surprise(logits: Float32Array, token: number): number {
  let max = -Infinity;
  for (const logit of logits) if (logit > max) max = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  return max + Math.log(sum) - logits[token];
}
