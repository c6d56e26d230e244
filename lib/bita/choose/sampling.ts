/**
 * From a row of logits to a token. The choice hangs only on the row, the settings,
 * the place and the tokens before it, never on how or when the row was computed.
 *
 * @module
 */

import { findCutoff, Histogram } from "./cutoff.ts";
import { exp } from "./exp.ts";
import { uniform } from "./random.ts";

/** How a token is chosen from the logits. Equal settings give equal text. */
export interface Sampling {
  /** 0 is greedy: the most likely token, the lowest id on a tie. */
  temperature: number;
  /** Keeps the smallest set of tokens whose probability reaches it; 1 keeps all. */
  topP: number;
  /** Keeps the k most likely tokens; 0 keeps all. */
  topK: number;
  /** Keeps tokens at least this fraction as likely as the best; 0 keeps all. */
  minP: number;
  /** Subtracted once from the logit of every token generated so far. */
  presencePenalty: number;
  /** Subtracted from a token's logit for each time that it was generated. */
  frequencyPenalty: number;
  /** Added to logits, by token id. */
  logitBias: ReadonlyMap<number, number>;
  /** Seed of the counter-based generator; an unsigned 32-bit integer. */
  seed: number;
}

/** Takes the most likely token each time. */
export const GREEDY: Sampling = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: new Map(),
  seed: 0,
};

/** The place of a choice. */
export interface ChoiceOptions {
  /** Position in the text of the token to choose. */
  position: number;
  /** How often each token was generated before it. */
  counts: ReadonlyMap<number, number>;
  /** Memory to work in. */
  scratch: Scratch;
}

/** Memory for {@linkcode chooseToken}, made once for many choices. */
export class Scratch {
  /** Logits with biases and penalties. */
  readonly logits: Float32Array;
  /** Probabilities over the best one's. */
  readonly weights: Float32Array<ArrayBuffer>;
  /** Running sums of the weights. */
  readonly sums: Float64Array;
  /** The weights by size. */
  readonly histogram = new Histogram();

  /** Makes room for rows of `vocab` logits. */
  constructor(vocab: number) {
    this.logits = new Float32Array(vocab);
    this.weights = new Float32Array(vocab);
    this.sums = new Float64Array(vocab);
  }
}

/**
 * Chooses a token from one row of logits, `[vocab]`, which stays as it is.
 *
 * Top-k looks at the probabilities after the temperature, top-p at what top-k
 * left, and min-p compares with the best token.
 *
 * @throws {RangeError} if the logits hold no number to choose by.
 */
export function chooseToken(
  logits: Float32Array,
  sampling: Sampling,
  { position, counts, scratch }: ChoiceOptions,
): number {
  const adjusted = adjust(logits, sampling, { counts, scratch });
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
  // u is at most 1 - 2^-53, so u * total rounds to less than total.
  return firstAbove(sums, uniform(sampling.seed, position) * total);
}

/** Applies biases and penalties, in a copy if there are any. */
function adjust(
  logits: Float32Array,
  { logitBias, presencePenalty, frequencyPenalty }: Sampling,
  { counts, scratch }: Pick<ChoiceOptions, "counts" | "scratch">,
): Float32Array {
  const penalised = presencePenalty !== 0 || frequencyPenalty !== 0;
  if (!penalised && logitBias.size === 0) return logits;
  const out = scratch.logits;
  out.set(logits);
  for (const [id, bias] of logitBias) out[id] += bias;
  if (penalised) {
    for (const [id, count] of counts) {
      out[id] -= presencePenalty + frequencyPenalty * count;
    }
  }
  return out;
}

/** Finds the largest logit, the first of several. */
function argmax(logits: Float32Array): number {
  let best = -1;
  let max = -Infinity;
  // Rows are mostly below their maximum: to ask four at once takes half the time.
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

/** Fills the running sums of the weights that are kept; returns the last. */
function addUp(
  weights: Float32Array<ArrayBuffer>,
  sampling: Sampling,
  { sums, histogram }: Scratch,
): number {
  const { weight, id: lastTie } = findCutoff(weights, sampling, histogram);
  let sum = 0;
  for (let id = 0; id < weights.length; id++) {
    const w = weights[id];
    // Negated, so that NaN is kept and shows in the total.
    if (!(w < weight || (w === weight && id > lastTie))) sum += w;
    sums[id] = sum;
  }
  return sum;
}

/** Finds the first running sum above `target`, which is less than the last. */
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
