/**
 * Half-precision floats, looked up in a table of all 65,536. Each block of weights has
 * such a scale, so loading a model reads millions of them.
 *
 * @module
 */

const HALVES = Float32Array.from({ length: 65_536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

/** Reads the little-endian half-precision float at byte `at`. */
export function half(bytes: Uint8Array, at: number): number {
  return HALVES[bytes[at] | bytes[at + 1] << 8];
}
