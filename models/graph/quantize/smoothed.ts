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
import { type Directions, directionsOf } from "./directions.ts";
import type { UsualInputs } from "./layer_inputs.ts";
import { toLevel } from "./levels.ts";
import { type LinearInParts, parts } from "./parts.ts";
import { MOST, storeConstants, ZERO } from "./whole_numbers.ts";

/** A linear's name, and its matrix with a row for each output. */
export type NamedMatrix = [name: string, matrix: Matrix];

/** Stores linears that have the same input. */
export function storeSmoothed(
  weights: WeightsFile,
  linears: readonly NamedMatrix[],
  { sizes, rows }: UsualInputs,
): void {
  storeConstants(weights);
  const squares = new Float32Array(sizes.length);
  for (const [, matrix] of linears) addSquares(matrix, squares);
  const smoothing = smoothingOf(squares, sizes);
  weights.add(`${linears[0][0]}.smoothing`, [smoothing.length], smoothing);
  const rounding = { smoothing, directions: directionsOf(rows, smoothing) };
  for (const linear of linears) storeLevels(weights, linear, rounding);
}

/** Stores a linear whose rows have 16 bits, and need no smoothing. */
export function storeUnsmoothed(
  weights: WeightsFile,
  linear: NamedMatrix,
  inputs: Pick<UsualInputs, "rows">,
): void {
  storeConstants(weights);
  storeLevels(weights, linear, unsmoothed(linear[1].columns, inputs));
}

function storeLevels(
  weights: WeightsFile,
  [name, matrix]: NamedMatrix,
  rounding: Rounding,
): void {
  const { levels, scales } = quantizeOutputs(matrix, rounding);
  weights.add(`${name}.levels`, [matrix.columns, matrix.rows], levels);
  weights.add(`${name}.scales`, [matrix.rows], scales);
}

/**
 * Stores a linear whose rows have 16 bits in parts, so that a large one is never in
 * memory as a whole.
 */
export async function storeUnsmoothedInParts(
  weights: WeightsFile,
  name: string,
  { rows, columns, inputs, read }: LinearInParts & {
    inputs: Pick<UsualInputs, "rows">;
  },
): Promise<void> {
  storeConstants(weights);
  const rounding = unsmoothed(columns, inputs);
  weights.reserve(`${name}.levels`, {
    type: "int8",
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
    const { levels, scales } = quantizeOutputs(await read(part), rounding);
    for (let column = 0; column < columns; column++) {
      const at = column * (to - from);
      const own = levels.subarray(at, at + to - from);
      weights.write(`${name}.levels`, own, column * rows + from);
    }
    const start = from * Float32Array.BYTES_PER_ELEMENT;
    weights.write(`${name}.scales`, scales, start);
  }
}

function unsmoothed(
  columns: number,
  { rows }: Pick<UsualInputs, "rows">,
): Rounding {
  const smoothing = new Float32Array(columns).fill(1);
  return { smoothing, directions: directionsOf(rows, smoothing) };
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

/** How to round weights. */
interface Rounding {
  /** What inputs are multiplied by, and so weights divided, `[columns]`. */
  smoothing: Float32Array;
  directions: Directions;
}

/**
 * Quantises a matrix that is divided by the smoothing of its inputs.
 *
 * @returns Scales `[rows]` and levels `[columns, rows]`.
 */
export function quantizeOutputs(
  { rows, columns, data }: Matrix,
  { smoothing, directions: { rank, order, vectors, gains } }: Rounding,
): { levels: Int8Array; scales: Float32Array } {
  const levels = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  const weights = new Float32Array(columns);
  const errors = new Float64Array(rank);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let column = 0; column < columns; column++) {
      weights[column] = data[row * columns + column] / smoothing[column];
      largest = Math.max(largest, Math.abs(weights[column]));
    }
    const scale = largest / MOST || 1;
    scales[row] = scale;
    errors.fill(0);
    for (let place = 0; place < columns; place++) {
      const column = order[place];
      const at = column * rank;
      const exact = weights[column] / scale;
      let wanted = exact;
      for (let i = 0; i < rank; i++) wanted -= errors[i] * gains[at + i];
      const level = toLevel(wanted, ZERO);
      levels[column * rows + row] = level;
      const error = level - exact;
      for (let i = 0; i < rank; i++) errors[i] += error * vectors[at + i];
    }
  }
  return { levels, scales };
}
