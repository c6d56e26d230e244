/**
 * A weight matrix as an ONNX operator, in the format that a backend is fast with.
 *
 * @module
 */

import type { GraphBuilder } from "./graph_builder.ts";
import type { WeightsFile } from "./weights_file.ts";

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

/** How finely weights are quantised: 4 bits halve what a row must read. */
type Bits = 4 | 8;

/** The most and the fewest steps tried from zero to a block's largest value. */
const STEPS = {
  4: { most: 8.5, fewest: 6, by: 0.25 },
  8: { most: 127, fewest: 112, by: 1 },
};

/** Lets the CPU kernels quantise a row's activations to 8 bits, block by block. */
const INT8_ACTIVATIONS = 4;

/** What a linear is stored from. */
interface LinearOptions {
  matrix: Matrix;
  format: WeightFormat;
  /** Of a weight in the format `int8`; 4 for what may be wrong, as a guess may. */
  bits?: Bits;
}

/** Stores the weights of a linear. */
export function storeLinear(
  weights: WeightsFile,
  name: string,
  { matrix, format, bits = 8 }: LinearOptions,
): void {
  const { rows, columns } = matrix;
  if (format === "fp32") {
    weights.add(name, [columns, rows], transpose(matrix));
    return;
  }
  const { bytes, scales } = quantize(matrix, bits);
  const blocks = columns / BLOCK;
  weights.add(`${name}.bytes`, [rows, blocks, BLOCK * bits / 8], bytes);
  weights.add(`${name}.scales`, [rows * blocks], scales);
}

/** Adds `input · matrixᵀ` with stored weights; returns the output's name. */
export function linear(
  graph: GraphBuilder,
  input: string,
  name: string,
): string {
  const { weights } = graph;
  if (weights.has(name)) {
    return graph.node("MatMul", [input, graph.stored(name)]);
  }
  const [rows, blocks, bytes] = weights.tensor(`${name}.bytes`).dims;
  return graph.node("MatMulNBits", [
    input,
    graph.stored(`${name}.bytes`),
    graph.stored(`${name}.scales`),
  ], {
    domain: "com.microsoft",
    ints: {
      K: blocks * BLOCK,
      N: rows,
      bits: bytes * 8 / BLOCK,
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
 * @returns scales `[rows, columns / 32]` and bytes `[rows, columns * bits / 8]`, the
 * first of two weights in the low half; half of the range stands for zero.
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

/** Finds the scale that loses least on the block that begins at `start`. */
function bestScale(data: Float32Array, start: number, bits: Bits): number {
  const { most, fewest, by } = STEPS[bits];
  const zero = 2 ** (bits - 1);
  let largest = 0;
  for (let i = start; i < start + BLOCK; i++) {
    const size = Math.abs(data[i]);
    if (size > largest) largest = size;
  }
  if (largest === 0) return 1;
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
  }
  return best;
}

/** 1.5 · 2⁵²: a double of this size has no room for a fraction. */
const NO_FRACTION = 6755399441055744;

/**
 * Rounds to the nearest of the integers from `-zero` to `zero - 1`, several times
 * faster than `Math.round` would.
 */
function toLevel(x: number, zero: number): number {
  const nearest = x + NO_FRACTION - NO_FRACTION;
  return nearest >= zero ? zero - 1 : nearest < -zero ? -zero : nearest;
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
