/**
 * Linears of whole numbers, as whole matrices: weights of 8 bits have one scale an output,
 * and rows of 8 bits one scale each.
 *
 * ```text
 * x' = x · smoothing               per input; the weights are divided by it
 * y = levels(x' / |x'|) · levels(w / smoothing) · scales · |x'|
 * ```
 *
 * |x'| is the row's largest value. A few inputs are much larger than others, which would
 * leave these few levels. Smoothing gives half of that (its square root) to the weights,
 * which have levels to spare ([SmoothQuant](https://arxiv.org/abs/2211.10438)).
 *
 * Sums are of whole numbers, so that a row has the same bits in any pass. Levels are
 * unsigned: with AVX2 alone, products of two signed ones do not fit into 16 bits.
 *
 * @module
 */

import type { Matrix } from "../../gguf/reader.ts";
import type { GraphBuilder } from "../graph_builder.ts";
import type { WeightsFile } from "../weights_file.ts";
import { bestScale, toLevel } from "./levels.ts";

/** The level of 0, in bytes. */
const ZERO = 128;

/** The largest level of a row, above that of 0. */
const MOST = 127;

/** Names of the constants that all linears share. */
const CONSTANTS = { zero: "level_of_zero", step: "step_of_rows" };

/** A linear's name, and its matrix with a row for each output. */
export type NamedMatrix = [name: string, matrix: Matrix];

/**
 * Stores linears that have the same input.
 *
 * @param largest the largest value of each input, `[columns]`, in any unit.
 */
export function storeSmoothed(
  weights: WeightsFile,
  linears: readonly NamedMatrix[],
  largest: Float32Array,
): void {
  if (!weights.has(CONSTANTS.zero)) {
    weights.add(CONSTANTS.zero, [1], Uint8Array.of(ZERO));
    weights.add(CONSTANTS.step, [1], Float32Array.of(1 / MOST));
  }
  const smoothing = smoothingOf(linears.map(([, matrix]) => matrix), largest);
  weights.add(`${linears[0][0]}.smoothing`, [smoothing.length], smoothing);
  for (const [name, matrix] of linears) {
    const { levels, scales } = quantizeOutputs(matrix, smoothing);
    weights.add(`${name}.levels`, [matrix.columns, matrix.rows], levels);
    weights.add(`${name}.scales`, [matrix.rows], scales);
  }
}

/** Returns whether linears with the same input are stored in this form. */
export function isSmoothed(
  { weights }: GraphBuilder,
  [first]: readonly string[],
): boolean {
  return weights.has(`${first}.smoothing`);
}

/** Adds linears that have the same input, and returns their outputs' names. */
export function smoothedLinears(
  graph: GraphBuilder,
  input: string,
  names: readonly string[],
): string[] {
  const [zero, step] = [CONSTANTS.zero, CONSTANTS.step]
    .map((name) => graph.stored(name));
  const smooth = graph.node("Mul", [
    input,
    graph.stored(`${names[0]}.smoothing`),
  ]);
  const largest = graph.node("ReduceMax", [
    graph.node("Abs", [smooth]),
    graph.constant([-1]),
  ]);
  // In a row of zeros these are no numbers, whose levels the zero at the end outweighs.
  const shares = graph.node("Div", [smooth, largest]);
  const levels = graph.node("QuantizeLinear", [shares, step, zero]);
  return names.map((name) => {
    const product = graph.node("MatMulIntegerToFloat", [
      ...[levels, graph.stored(`${name}.levels`)],
      ...[step, graph.stored(`${name}.scales`)],
      ...[zero, zero],
    ], { domain: "com.microsoft" });
    return graph.node("Mul", [product, largest]);
  });
}

/**
 * Returns what to multiply each input by, `[columns]`, for linears that share it: the
 * root of the largest weight and of the inverse of the largest input.
 */
export function smoothingOf(
  matrices: readonly Matrix[],
  largest: Float32Array,
): Float32Array {
  const weights = new Float32Array(largest.length);
  for (const { rows, columns, data } of matrices) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const size = Math.abs(data[row * columns + column]);
        if (size > weights[column]) weights[column] = size;
      }
    }
  }
  return weights.map((weight, i) =>
    weight > 0 && largest[i] > 0 ? Math.sqrt(weight / largest[i]) : 1
  );
}

/**
 * Quantises a matrix that is divided by the smoothing of its inputs, with the scale that
 * loses least for each output.
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
    for (let column = 0; column < columns; column++) {
      weights[column] = data[row * columns + column] / smoothing[column];
    }
    const scale = bestScale(weights, { from: 0, to: columns, bits: 8 });
    scales[row] = scale;
    for (let column = 0; column < columns; column++) {
      const level = toLevel(weights[column] / scale, ZERO);
      levels[column * rows + row] = level + ZERO;
    }
  }
  return { levels, scales };
}
