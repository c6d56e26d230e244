/**
 * Applies top-k, top-p and min-p without sorting the vocabulary.
 *
 * Tokens rank by weight, then by id, and each filter keeps the first of them. Positive
 * floats have the same order as their bits. So the leading bits sort tokens into
 * buckets, and only the bucket in which a filter ends is sorted.
 *
 * @module
 */

/** Low bits of a float that are dropped. This leaves 32 buckets per power of two. */
const BUCKET_SHIFT = 18;

/** The bucket of 1, which is the highest weight. */
const TOP_BUCKET = 0x3f800000 >>> BUCKET_SHIFT;

/** The last token that is kept. Tokens that rank after it are dropped. */
export interface Cutoff {
  /** Its weight, from 0 to 1. */
  weight: number;
  /** The last id that is kept of the tokens with exactly this weight. */
  id: number;
}

/** The filters, in the order in which they apply. */
export interface CutoffOptions {
  /** Keeps this number of tokens with the highest weights. 0 keeps all. */
  topK: number;
  /** Keeps the fewest tokens whose share of the remaining weight reaches it. 1 keeps all. */
  topP: number;
  /** Keeps tokens with at least this weight. */
  minP: number;
}

/** Counts and weights of the tokens in each bucket. */
export class Histogram {
  /** Number of tokens. */
  readonly counts = new Int32Array(TOP_BUCKET + 1);
  /** Sum of their weights. */
  readonly masses = new Float64Array(TOP_BUCKET + 1);
}

/**
 * Finds the last token that the filters keep.
 *
 * @param weights `[vocab]` weights from 0 to 1; the highest one is 1.
 */
export function findCutoff(
  weights: Float32Array<ArrayBuffer>,
  { topK, topP, minP }: CutoffOptions,
  histogram: Histogram,
): Cutoff {
  let cutoff: Cutoff = { weight: minP, id: Infinity };
  const limited = topK > 0 && topK < weights.length;
  if (!limited && topP >= 1) return cutoff;

  const bits = new Uint32Array(
    weights.buffer,
    weights.byteOffset,
    weights.length,
  );
  let mass = fill(histogram, weights, bits);
  if (limited) {
    const kth = reach(topK, "counts", histogram, weights, bits);
    cutoff = stricter(cutoff, kth);
    mass = kth.mass;
  }
  if (topP < 1) {
    const last = reach(topP * mass, "masses", histogram, weights, bits);
    cutoff = stricter(cutoff, last);
  }
  return cutoff;
}

/** Fills the histogram and returns the sum of all weights. */
function fill(
  { counts, masses }: Histogram,
  weights: Float32Array,
  bits: Uint32Array,
): number {
  counts.fill(0);
  masses.fill(0);
  for (let id = 0; id < weights.length; id++) {
    const bucket = bits[id] >>> BUCKET_SHIFT;
    counts[bucket]++;
    masses[bucket] += weights[id];
  }
  return masses.reduce((sum, mass) => sum + mass, 0);
}

/** Finds the token at which the count or the weight of the best tokens reaches `goal`. */
function reach(
  goal: number,
  by: "counts" | "masses",
  histogram: Histogram,
  weights: Float32Array,
  bits: Uint32Array,
): Cutoff & { mass: number } {
  let bucket = TOP_BUCKET;
  let amount = 0;
  let mass = 0;
  while (bucket > 0 && amount + histogram[by][bucket] < goal) {
    amount += histogram[by][bucket];
    mass += histogram.masses[bucket];
    bucket--;
  }
  // Tokens of no weight are left, or the sums were rounded: nothing is to drop.
  if (bucket === 0) {
    return { weight: 0, id: Infinity, mass: mass + histogram.masses[0] };
  }
  let last = 0;
  for (const id of ranked(bucket, weights, bits)) {
    amount += by === "counts" ? 1 : weights[id];
    mass += weights[id];
    last = id;
    if (amount >= goal) break;
  }
  return { weight: weights[last], id: last, mass };
}

/** Lists the tokens of a bucket, the highest weight first. */
function ranked(
  bucket: number,
  weights: Float32Array,
  bits: Uint32Array,
): number[] {
  const ids: number[] = [];
  for (let id = 0; id < bits.length; id++) {
    if (bits[id] >>> BUCKET_SHIFT === bucket) ids.push(id);
  }
  return ids.sort((a, b) => weights[b] - weights[a] || a - b);
}

function stricter(a: Cutoff, b: Cutoff): Cutoff {
  if (a.weight !== b.weight) return a.weight > b.weight ? a : b;
  return a.id < b.id ? a : b;
}
