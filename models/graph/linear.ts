/**
 * A weight matrix as an ONNX operator, in the format that a backend is fast with.
 *
 * @module
 */

import type { GraphBuilder } from "./graph_builder.ts";

/**
 * How weights are stored: `int8` in blocks with a scale each (native CPU, WebGPU),
 * `fp32` as they are (wasm, where unpacking blocks costs more than it saves).
 */
export type WeightFormat = "int8" | "fp32";

/** A matrix `[rows, columns]`, row by row: a row an output feature. */
export interface Matrix {
  rows: number;
  columns: number;
  data: Float32Array;
}

/** Columns that share one scale. */
const BLOCK = 32;

/** What an unsigned byte of zero stands for: `(byte - 128) * scale`. */
const ZERO_POINT = 128;

/** Lets the CPU kernels quantise a row's activations to 8 bits, block by block. */
const INT8_ACTIVATIONS = 4;

/** Adds `input · matrixᵀ` to the graph and returns the output's name. */
export function linear(
  graph: GraphBuilder,
  input: string,
  options: { name: string; matrix: Matrix; format: WeightFormat },
): string {
  const { name, matrix, format } = options;
  const { rows, columns } = matrix;
  if (format === "fp32") {
    const weight = graph.weight(name, [columns, rows], transpose(matrix));
    return graph.node("MatMul", [input, weight]);
  }
  const { bytes, scales } = quantize(matrix);
  const blocks = columns / BLOCK;
  return graph.node("MatMulNBits", [
    input,
    graph.weight(`${name}.bytes`, [rows, blocks, BLOCK], bytes),
    graph.weight(`${name}.scales`, [rows * blocks], scales),
  ], {
    domain: "com.microsoft",
    ints: {
      K: columns,
      N: rows,
      bits: 8,
      block_size: BLOCK,
      accuracy_level: INT8_ACTIVATIONS,
    },
  });
}

/**
 * Rounds each block to whole steps, with the step that loses least.
 *
 * Weights that were quantised before lie on few levels; a step that divides their
 * distance keeps them almost as they are, where the largest possible step would
 * round them once more.
 *
 * @returns bytes `[rows, columns]` and scales `[rows, columns / 32]`.
 */
export function quantize(
  { rows, columns, data }: Matrix,
): { bytes: Uint8Array; scales: Float32Array } {
  if (columns % BLOCK !== 0) {
    throw new RangeError(
      `Cannot quantise a matrix: columns must be a multiple of ${BLOCK}: received ${columns}`,
    );
  }
  const bytes = new Uint8Array(rows * columns);
  const scales = new Float32Array(rows * columns / BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const start = block * BLOCK;
    const scale = bestScale(data, start);
    scales[block] = scale;
    for (let i = start; i < start + BLOCK; i++) {
      bytes[i] = round(data[i] / scale) + ZERO_POINT;
    }
  }
  return { bytes, scales };
}

/** The most and the fewest steps tried from zero to a block's largest value. */
const MOST_STEPS = 127;
const FEWEST_STEPS = 112;

/** Finds the scale that loses least on the block that begins at `start`. */
function bestScale(data: Float32Array, start: number): number {
  let largest = 0;
  for (let i = start; i < start + BLOCK; i++) {
    const size = Math.abs(data[i]);
    if (size > largest) largest = size;
  }
  if (largest === 0) return 1;
  let best = largest / MOST_STEPS;
  let least = Infinity;
  for (let steps = MOST_STEPS; steps >= FEWEST_STEPS; steps--) {
    const scale = largest / steps;
    let error = 0;
    for (let i = start; i < start + BLOCK; i++) {
      const exact = data[i] / scale;
      const lost = exact - round(exact);
      error += lost * lost;
    }
    error *= scale * scale;
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

/** 1.5 · 2⁵²: a double of this size has no room for a fraction. */
const NO_FRACTION = 6755399441055744;

/** Rounds to the nearest integer, several times faster than `Math.round`. */
function round(x: number): number {
  return x + NO_FRACTION - NO_FRACTION;
}

/** Gives the numbers of a matrix column by column. */
export function transpose({ rows, columns, data }: Matrix): Float32Array {
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = data[row * columns + column];
    }
  }
  return out;
}
