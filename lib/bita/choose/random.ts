/**
 * Random numbers by position. The number at a position of a text does not depend on
 * earlier draws, so plain decoding and drafting draw the same one.
 *
 * @module
 */

const TWO_POW_21 = 2 ** 21;
const TWO_POW_53 = 2 ** 53;

/** Returns the number of a seed at a position: 53 random bits in `[0, 1)`. */
export function uniform(seed: number, position: number): number {
  const high = mix(mix(position + 0x9e3779b9) ^ mix(seed + 0x85ebca6b));
  const low = mix(mix(position + 0xc2b2ae35) ^ mix(seed + 0x27d4eb2f));
  return ((high >>> 0) * TWO_POW_21 + (low >>> 11)) / TWO_POW_53;
}

/** Scrambles 32 bits, one to one, with Chris Wellons's lowbias32. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
