/**
 * Weights in blocks of 32 columns with a scale each.
 *
 * @module
 */

import type { Matrix } from "../../gguf/reader.ts";
import { bestScale, type Bits, toLevel } from "./levels.ts";

/** Columns that share one scale. */
export const BLOCK = 32;

/**
 * Quantises a matrix in blocks of 32 columns, with the step that loses least.
 *
 * Weights from a quantised file have few distinct values. A step that divides their
 * distance keeps them almost unchanged, while the largest step would round them again.
 *
 * @returns Scales `[rows, columns / 32]` and bytes `[rows, columns * bits / 8]`. With 4
 * bits, the first of two weights is in the low half. A weight of 0 has the middle level.
 */
export function quantize(
  { rows, columns, data }: Matrix,
  bits: Bits = 8,
): { bytes: Uint8Array; scales: Float32Array } {
  if (columns % BLOCK !== 0) {
    throw new RangeError(
      `Cannot quantise a matrix: columns must be a multiple of ${BLOCK}: received ${columns}`,
    );
  }
  const zero = 2 ** (bits - 1);
  const perByte = 8 / bits;
  const bytes = new Uint8Array(rows * columns / perByte);
  const scales = new Float32Array(rows * columns / BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const from = block * BLOCK;
    const to = from + BLOCK;
    const scale = bestScale(data, { from, to, bits });
    scales[block] = scale;
    for (let i = from; i < to; i++) {
      const level = toLevel(data[i] / scale, zero) + zero;
      bytes[Math.floor(i / perByte)] |= level << bits * (i % perByte);
    }
  }
  return { bytes, scales };
}
