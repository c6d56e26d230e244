/**
 * Random numbers by address: a place in a text has its number whatever was drawn
 * before, so every way of decoding draws the same one there.
 *
 * @module
 */

const TWO_POW_21 = 2 ** 21;
const TWO_POW_53 = 2 ** 53;

/** Gives the number in `[0, 1)`, of 53 bits, that `seed` has at `position`. */
export function uniform(seed: number, position: number): number {
  const high = mix(mix(position + 0x9e3779b9) ^ mix(seed + 0x85ebca6b));
  const low = mix(mix(position + 0xc2b2ae35) ^ mix(seed + 0x27d4eb2f));
  return ((high >>> 0) * TWO_POW_21 + (low >>> 11)) / TWO_POW_53;
}

/** Scrambles 32 bits, one to one; Chris Wellons's lowbias32. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
