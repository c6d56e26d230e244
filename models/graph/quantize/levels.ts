/**
 * Levels of quantised weights: whole numbers of a few bits.
 *
 * @module
 */

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
