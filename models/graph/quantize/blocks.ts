/**
 * Weights in blocks of 32 columns with a scale each.
 *
 * @module
 */

import type { Matrix } from "../../gguf/reader.ts";
import { toLevel } from "./levels.ts";

/** Columns that share one scale. */
export const BLOCK = 32;

/** Bits of a quantised weight; 4 bits halve the memory that a pass reads. */
export type Bits = 4 | 8;

/** Range and increment of the steps tried from zero to the largest value. */
const STEPS = {
  4: { most: 8.5, fewest: 6, by: 0.25 },
  8: { most: 127, fewest: 112, by: 1 },
};

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
    const start = block * BLOCK;
    const scale = bestScale(data, start, bits);
    scales[block] = scale;
    for (let i = start; i < start + BLOCK; i++) {
      const level = toLevel(data[i] / scale, zero) + zero;
      bytes[Math.floor(i / perByte)] |= level << bits * (i % perByte);
    }
  }
  return { bytes, scales };
}

/**
 * Returns the scale that loses least in the block at `start`. With 4 bits the largest
 * value gets a negative level, since there is one more of these. So a block of Q4_0,
 * which is made that way, is not rounded again.
 */
function bestScale(data: Float32Array, start: number, bits: Bits): number {
  const { most, fewest, by } = STEPS[bits];
  const zero = 2 ** (bits - 1);
  let largest = 0;
  for (let i = start; i < start + BLOCK; i++) {
    if (Math.abs(data[i]) > Math.abs(largest)) largest = data[i];
  }
  if (largest === 0) return 1;
  largest = bits === 4 ? -largest : Math.abs(largest);
  let best = largest / most;
  let least = Infinity;
  for (let steps = most; steps >= fewest; steps -= by) {
    const scale = largest / steps;
    let error = 0;
    for (let i = start; i < start + BLOCK; i++) {
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
