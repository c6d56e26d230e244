/**
 * Weights of linears in levels of 8 bits with one scale an output, for products of whole
 * numbers (`whole_numbers.ts`).
 *
 * A few inputs are much larger than others, which would leave the others few levels of a
 * row. Smoothing multiplies inputs by a factor each and divides their weights by it, so
 * that both differ half as much, by the square root. This is
 * [SmoothQuant](https://arxiv.org/abs/2211.10438), but by how large inputs and weights
 * usually are, rather than by the largest ones: about half of the error is left.
 *
 * @module
 */

import type { Matrix } from "../../gguf/reader.ts";
import type { WeightsFile } from "../weights_file.ts";
import { toLevel } from "./levels.ts";
import { type LinearInParts, parts } from "./parts.ts";
import { MOST, storeConstants, ZERO } from "./whole_numbers.ts";

/** A linear's name, and its matrix with a row for each output. */
export type NamedMatrix = [name: string, matrix: Matrix];

/**
 * Stores linears that have the same input.
 *
 * @param sizes how large each input usually is, `[columns]`, in any unit.
 */
export function storeSmoothed(
  weights: WeightsFile,
  linears: readonly NamedMatrix[],
  sizes: Float32Array,
): void {
  storeConstants(weights);
  const squares = new Float32Array(sizes.length);
  for (const [, matrix] of linears) addSquares(matrix, squares);
  const smoothing = smoothingOf(squares, sizes);
  weights.add(`${linears[0][0]}.smoothing`, [smoothing.length], smoothing);
  for (const linear of linears) storeLevels(weights, linear, smoothing);
}

/** Stores a linear whose rows have 16 bits, and need no smoothing. */
export function storeUnsmoothed(
  weights: WeightsFile,
  linear: NamedMatrix,
): void {
  storeConstants(weights);
  storeLevels(weights, linear, new Float32Array(linear[1].columns).fill(1));
}

function storeLevels(
  weights: WeightsFile,
  [name, matrix]: NamedMatrix,
  smoothing: Float32Array,
): void {
  const { levels, scales } = quantizeOutputs(matrix, smoothing);
  weights.add(`${name}.levels`, [matrix.columns, matrix.rows], levels);
  weights.add(`${name}.scales`, [matrix.rows], scales);
}

/**
 * Stores a linear in parts, so that a large one is never in memory as a whole. The parts
 * are read twice.
 */
export async function storeSmoothedInParts(
  weights: WeightsFile,
  name: string,
  { rows, columns, sizes, read }: LinearInParts & { sizes: Float32Array },
): Promise<void> {
  storeConstants(weights);
  const squares = new Float32Array(columns);
  for (const part of parts(rows)) addSquares(await read(part), squares);
  const smoothing = smoothingOf(squares, sizes);
  weights.add(`${name}.smoothing`, [columns], smoothing);
  weights.reserve(`${name}.levels`, {
    type: "uint8",
    dims: [columns, rows],
    length: columns * rows,
  });
  weights.reserve(`${name}.scales`, {
    type: "float32",
    dims: [rows],
    length: rows * Float32Array.BYTES_PER_ELEMENT,
  });
  for (const part of parts(rows)) {
    const { from, to } = part;
    const { levels, scales } = quantizeOutputs(await read(part), smoothing);
    for (let column = 0; column < columns; column++) {
      const at = column * (to - from);
      const own = levels.subarray(at, at + to - from);
      weights.write(`${name}.levels`, own, column * rows + from);
    }
    const start = from * Float32Array.BYTES_PER_ELEMENT;
    weights.write(`${name}.scales`, scales, start);
  }
}

/** Adds the squares of a matrix to the sums of its columns, `[columns]`. */
export function addSquares(
  { rows, columns, data }: Matrix,
  sums: Float32Array,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      sums[column] += data[row * columns + column] ** 2;
    }
  }
}

/**
 * Returns what to multiply each input by, `[columns]`: the root of how large its weights
 * are for each of its own size.
 *
 * @param squares sums of the weights' squares, `[columns]`.
 */
export function smoothingOf(
  squares: Float32Array,
  sizes: Float32Array,
): Float32Array {
  return squares.map((square, i) =>
    square > 0 && sizes[i] > 0 ? Math.sqrt(Math.sqrt(square) / sizes[i]) : 1
  );
}

/**
 * Quantises a matrix that is divided by the smoothing of its inputs.
 *
 * @returns Scales `[rows]` and levels `[columns, rows]`, in which 128 is 0.
 */
export function quantizeOutputs(
  { rows, columns, data }: Matrix,
  smoothing: Float32Array,
): { levels: Uint8Array; scales: Float32Array } {
  const levels = new Uint8Array(rows * columns);
  const scales = new Float32Array(rows);
  const weights = new Float32Array(columns);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let column = 0; column < columns; column++) {
      weights[column] = data[row * columns + column] / smoothing[column];
      largest = Math.max(largest, Math.abs(weights[column]));
    }
    const scale = largest / MOST || 1;
    scales[row] = scale;
    for (let column = 0; column < columns; column++) {
      const level = toLevel(weights[column] / scale, ZERO);
      levels[column * rows + row] = level + ZERO;
    }
  }
  return { levels, scales };
}
