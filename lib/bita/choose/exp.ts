/**
 * The exponential function for numbers up to 0, by a table and a short series. It is
 * over twice as fast as `Math.exp`, which would take most of the time of sampling.
 *
 * @module
 */

/** Below this argument, the result is 0 as a 32-bit float. */
const LOWEST = -104;

/** Table entries per power of two. */
const STEPS = 64;

/** `2 ** (-i / STEPS)`, down to {@linkcode LOWEST}. */
const TABLE = Float64Array.from(
  { length: 152 * STEPS },
  (_, i) => 2 ** (-i / STEPS),
);

/** Returns e^x for x ≤ 0, to 10 digits, or 0 where a 32-bit float would be 0. */
export function exp(x: number): number {
  if (x < LOWEST) return 0;
  const step = (0.5 - x * (Math.LOG2E * STEPS)) | 0;
  const rest = x + step * (Math.LN2 / STEPS); // Within ±0.0055.
  return TABLE[step] * (1 + rest * (1 + rest * (0.5 + rest * (1 / 6))));
}
