/**
 * Where top-k, top-p and min-p cut a vocabulary, without sorting it.
 *
 * Tokens rank by weight, then by id, and each filter keeps the first of them. The
 * bits of a positive float order like the float itself: their leading bits put
 * tokens into buckets, and only the bucket where a filter ends is sorted.
 *
 * @module
 */

/** Drops the low bits of a float: 32 buckets are left for each power of two. */
const BUCKET_SHIFT = 18;

/** Bucket of 1, the weight of the best token and so the highest of all. */
const TOP_BUCKET = 0x3f800000 >>> BUCKET_SHIFT;

/** The last token that is kept; those that rank behind it are not. */
export interface Cutoff {
  /** Its weight, from 0 to 1. */
  weight: number;
  /** The last id kept among tokens of just this weight. */
  id: number;
}

/** The filters of a {@linkcode Cutoff}. */
export interface CutoffOptions {
  /** Keeps the k heaviest tokens; 0 keeps all. */
  topK: number;
  /** Then keeps the fewest whose share of the weight reaches it; 1 keeps all. */
  topP: number;
  /** Keeps weights from this on. */
  minP: number;
}

/** Tokens and their weight, by bucket. */
export class Histogram {
  /** Tokens in each bucket. */
  readonly counts = new Int32Array(TOP_BUCKET + 1);
  /** Their weights, added up. */
  readonly masses = new Float64Array(TOP_BUCKET + 1);
}

/** Finds where the filters cut `weights`, `[vocab]` from 0 to 1, the best at 1. */
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
    const kth = reach(topK, { by: "counts", histogram, weights, bits });
    cutoff = stricter(cutoff, kth);
    mass = kth.mass;
  }
  if (topP < 1) {
    const goal = topP * mass;
    const last = reach(goal, { by: "masses", histogram, weights, bits });
    cutoff = stricter(cutoff, last);
  }
  return cutoff;
}

/** Counts and adds the weights up by bucket; returns their sum. */
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

interface ReachOptions {
  by: "counts" | "masses";
  histogram: Histogram;
  weights: Float32Array;
  bits: Uint32Array;
}

/** Finds the token at which the best ones together reach `goal`. */
function reach(
  goal: number,
  { by, histogram, weights, bits }: ReachOptions,
): Cutoff & { mass: number } {
  let bucket = TOP_BUCKET;
  let amount = 0;
  let mass = 0;
  while (bucket > 0 && amount + histogram[by][bucket] < goal) {
    amount += histogram[by][bucket];
    mass += histogram.masses[bucket];
    bucket--;
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

/** Lists the tokens of a bucket, heaviest first. */
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
