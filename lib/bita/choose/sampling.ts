/**
 * Chooses a token from a row of logits. The choice depends only on the row, the
 * settings, the position and the tokens before it. It does not depend on how or when
 * the row was computed.
 *
 * @module
 */

import { maskLogits } from "./constraint.ts";
import { findCutoff, Histogram } from "./cutoff.ts";
import { exp } from "./exp.ts";
import { uniform } from "./random.ts";

/** How a token is chosen from the logits. Equal settings lead to equal text. */
export interface Sampling {
  /** 0 is greedy: the most likely token, and the lowest id on a tie. */
  temperature: number;
  /** Keeps the fewest tokens whose probabilities add up to it. 1 keeps all. */
  topP: number;
  /** Keeps this number of the most likely tokens. 0 keeps all. */
  topK: number;
  /** Keeps tokens with at least this fraction of the best one's probability. 0 keeps all. */
  minP: number;
  /**
   * Divides positive logits, and multiplies negative ones, of tokens that the prompt or
   * the answer has. 1 changes none. (Keskar et al. 2019, section 4.1.)
   */
  repetitionPenalty: number;
  /** Subtracted once from the logit of each token that was generated before. */
  presencePenalty: number;
  /** Subtracted from the logit of a token for each time that it was generated. */
  frequencyPenalty: number;
  /** Added to logits, by token id. */
  logitBias: ReadonlyMap<number, number>;
  /** Seed of the random numbers: an unsigned 32-bit integer. */
  seed: number;
}

/** Always chooses the most likely token. */
export const GREEDY: Sampling = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: new Map(),
  seed: 0,
};

/** Options of {@linkcode chooseToken}. */
export interface ChoiceOptions {
  /** Position of the new token in the text. */
  position: number;
  /** How often each token was generated before. */
  counts: ReadonlyMap<number, number>;
  /** The tokens of the prompt and the answer so far; only repetition penalties need them. */
  seen?: ReadonlySet<number>;
  /** Bits of the tokens that may be chosen; all unless given. */
  mask?: Uint32Array | undefined;
  /** Memory to reuse. */
  scratch: Scratch;
}

/** Memory of {@linkcode chooseToken}, which many choices reuse. */
export class Scratch {
  /** Logits with a mask, biases and penalties. */
  readonly logits: Float32Array;
  /** Probabilities, divided by the highest one. */
  readonly weights: Float32Array<ArrayBuffer>;
  /** Running sums of the weights that are kept. */
  readonly sums: Float64Array;
  /** Buckets of the weights. */
  readonly histogram = new Histogram();

  /** Allocates memory for rows of `vocab` logits. */
  constructor(vocab: number) {
    this.logits = new Float32Array(vocab);
    this.weights = new Float32Array(vocab);
    this.sums = new Float64Array(vocab);
  }
}

/**
 * Chooses a token from a row of logits, `[vocab]`, and does not change the row.
 *
 * The mask applies first, then the repetition penalty, biases and the other penalties,
 * then the temperature. Top-p applies to the tokens that top-k keeps. Min-p compares with
 * the best token.
 *
 * @throws {RangeError} if no logit is above -Infinity or the weights are not finite.
 */
export function chooseToken(
  logits: Float32Array,
  sampling: Sampling,
  { position, ...context }: ChoiceOptions,
): number {
  const { scratch } = context;
  const adjusted = adjust(logits, sampling, context);
  const best = argmax(adjusted);
  if (sampling.temperature === 0) return best;

  const { weights, sums } = scratch;
  const max = adjusted[best];
  for (let id = 0; id < weights.length; id++) {
    weights[id] = exp((adjusted[id] - max) / sampling.temperature);
  }
  const total = addUp(weights, sampling, scratch);
  if (!Number.isFinite(total)) {
    throw new RangeError(
      `Cannot choose a token: finite weights are required: received ${total}`,
    );
  }
  // The random number is at most 1 - 2^-53, so the product rounds to less than total.
  return firstAbove(sums, uniform(sampling.seed, position) * total);
}

/** Returns whether the choice is the largest logit, whatever the tokens before are. */
export function takesLargest(sampling: Sampling): boolean {
  return sampling.temperature === 0 && isUnchanged(sampling);
}

/** Applies a mask, biases and penalties to a copy of the logits, if there are any. */
function adjust(
  logits: Float32Array,
  sampling: Sampling,
  { counts, seen = new Set(), mask, scratch }: Omit<ChoiceOptions, "position">,
): Float32Array {
  if (isUnchanged(sampling) && !mask) return logits;
  const { logitBias, repetitionPenalty, presencePenalty, frequencyPenalty } =
    sampling;
  const out = scratch.logits;
  if (mask) maskLogits(logits, mask, out);
  else out.set(logits);
  if (repetitionPenalty !== 1) {
    for (const id of seen) {
      out[id] *= out[id] > 0 ? 1 / repetitionPenalty : repetitionPenalty;
    }
  }
  for (const [id, bias] of logitBias) out[id] += bias;
  if (presencePenalty !== 0 || frequencyPenalty !== 0) {
    for (const [id, count] of counts) {
      out[id] -= presencePenalty + frequencyPenalty * count;
    }
  }
  return out;
}

/** Returns whether no setting changes a logit. */
function isUnchanged(sampling: Sampling): boolean {
  return sampling.logitBias.size === 0 && sampling.repetitionPenalty === 1 &&
    sampling.presencePenalty === 0 && sampling.frequencyPenalty === 0;
}

/** Returns the id of the highest logit, or the lowest such id. */
function argmax(logits: Float32Array): number {
  let best = -1;
  let max = -Infinity;
  // Most logits are below the maximum, so comparing four at once takes half the time.
  for (let id = 0; id < logits.length; id += 4) {
    if (
      logits[id] > max || logits[id + 1] > max ||
      logits[id + 2] > max || logits[id + 3] > max
    ) {
      for (let at = id; at < id + 4; at++) {
        if (logits[at] > max) {
          max = logits[at];
          best = at;
        }
      }
    }
  }
  if (best < 0) {
    throw new RangeError(
      "Cannot choose a token: a logit above -Infinity is required: received none",
    );
  }
  return best;
}

/** Fills the running sums of the weights that are kept and returns the last one. */
function addUp(
  weights: Float32Array<ArrayBuffer>,
  sampling: Sampling,
  { sums, histogram }: Scratch,
): number {
  const { weight, id: lastTie } = findCutoff(weights, sampling, histogram);
  let sum = 0;
  for (let id = 0; id < weights.length; id++) {
    const w = weights[id];
    // The condition is negated so that NaN is kept and makes the total NaN.
    if (!(w < weight || (w === weight && id > lastTie))) sum += w;
    sums[id] = sum;
  }
  return sum;
}

/** Returns the index of the first sum above `target`, which is below the last sum. */
function firstAbove(sums: Float64Array, target: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle] > target) high = middle;
    else low = middle + 1;
  }
  return low;
}
