/**
 * Scales that weights share, and their levels: whole numbers of a few bits.
 *
 * @module
 */

/** Bits of a quantised weight; 4 bits halve the memory that a pass reads. */
export type Bits = 4 | 8;

/** Range and increment of the steps tried from zero to the largest value. */
const STEPS = {
  4: { most: 8.5, fewest: 6, by: 0.25 },
  8: { most: 127, fewest: 112, by: 1 },
};

/** Weights that share a scale: those from an index on, up to another. */
interface Part {
  from: number;
  to: number;
  bits: Bits;
}

/**
 * Returns the scale that loses least in a part of `data`. With 4 bits the largest value
 * gets a negative level, since there is one more of these. So a block of Q4_0, which is
 * made that way, is not rounded again.
 */
export function bestScale(
  data: Float32Array,
  { from, to, bits }: Part,
): number {
  const { most, fewest, by } = STEPS[bits];
  const zero = 2 ** (bits - 1);
  let largest = 0;
  for (let i = from; i < to; i++) {
    if (Math.abs(data[i]) > Math.abs(largest)) largest = data[i];
  }
  if (largest === 0) return 1;
  largest = bits === 4 ? -largest : Math.abs(largest);
  let best = largest / most;
  let least = Infinity;
  for (let steps = most; steps >= fewest; steps -= by) {
    const scale = largest / steps;
    let error = 0;
    for (let i = from; i < to; i++) {
      const exact = data[i] / scale;
      const lost = exact - toLevel(exact, zero);
      error += lost * lost;
    }
    error *= scale * scale;
    if (error < least) {
      least = error;
      best = scale;
    }
    if (error === 0) break;
  }
  return best;
}

/** 1.5 · 2⁵²: a double of this size has no fraction bits. */
const NO_FRACTION = 6755399441055744;

/**
 * Rounds to the nearest integer from `-zero` to `zero - 1`, several times faster than
 * `Math.round`.
 */
export function toLevel(x: number, zero: number): number {
  const nearest = x + NO_FRACTION - NO_FRACTION;
  return nearest >= zero ? zero - 1 : nearest < -zero ? -zero : nearest;
}
