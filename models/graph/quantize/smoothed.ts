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
import { type LinearInParts, parts } from "./parts.ts";

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
  storeConstants(weights);
  const most = new Float32Array(largest.length);
  for (const [, matrix] of linears) noteLargest(matrix, most);
  const smoothing = smoothingOf(most, largest);
  weights.add(`${linears[0][0]}.smoothing`, [smoothing.length], smoothing);
  for (const [name, matrix] of linears) {
    const { levels, scales } = quantizeOutputs(matrix, smoothing);
    weights.add(`${name}.levels`, [matrix.columns, matrix.rows], levels);
    weights.add(`${name}.scales`, [matrix.rows], scales);
  }
}

/**
 * Stores a linear in parts, so that a large one is never in memory as a whole. The parts
 * are read twice.
 */
export async function storeSmoothedInParts(
  weights: WeightsFile,
  name: string,
  { rows, columns, largest, read }: LinearInParts & { largest: Float32Array },
): Promise<void> {
  storeConstants(weights);
  const most = new Float32Array(columns);
  for (const part of parts(rows)) noteLargest(await read(part), most);
  const smoothing = smoothingOf(most, largest);
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

function storeConstants(weights: WeightsFile): void {
  if (weights.has(CONSTANTS.zero)) return;
  weights.add(CONSTANTS.zero, [1], Uint8Array.of(ZERO));
  weights.add(CONSTANTS.step, [1], Float32Array.of(1 / MOST));
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

/** Raises `most` to the largest weight of each input, `[columns]`. */
export function noteLargest(
  { rows, columns, data }: Matrix,
  most: Float32Array,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const size = Math.abs(data[row * columns + column]);
      if (size > most[column]) most[column] = size;
    }
  }
}

/**
 * Returns what to multiply each input by, `[columns]`: the root of the largest weight and
 * of the inverse of the largest input.
 */
export function smoothingOf(
  weights: Float32Array,
  largest: Float32Array,
): Float32Array {
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
