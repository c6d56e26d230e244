/**
 * Weight matrices as ONNX operators, in the format that is fastest on a backend.
 *
 * @module
 */

import type { Matrix } from "../gguf/reader.ts";
import type { GraphBuilder } from "./graph_builder.ts";
import type { WeightsFile } from "./weights_file.ts";

/**
 * Storage of weights: `int8` or `int4` in blocks with one scale each (native CPU,
 * WebGPU), or `fp32` (wasm, where unpacking a block takes longer than reading floats).
 *
 * With `int4` the body has 4 bits a weight and the head 8, as it needs them more.
 */
export type WeightFormat = (typeof FORMATS)[number];

/** All weight formats. */
export const FORMATS = ["int8", "int4", "fp32"] as const;

/** Columns that share one scale. */
const BLOCK = 32;

/** Bits of a quantised weight; 4 bits halve the memory that a pass reads. */
type Bits = 4 | 8;

/** Range and increment of the steps tried from zero to a block's largest value. */
const STEPS = {
  4: { most: 8.5, fewest: 6, by: 0.25 },
  8: { most: 127, fewest: 112, by: 1 },
};

/** `accuracy_level` at which CPU kernels quantise activations to 8-bit blocks. */
const INT8_ACTIVATIONS = 4;

/** Options of {@linkcode storeLinear}. */
interface LinearOptions {
  matrix: Matrix;
  format: WeightFormat;
  /** Bits of a quantised weight; 4 suits drafts, which may be wrong. @default 8 */
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

/** Rows of a part. */
const PART_ROWS = 4096;

/**
 * Stores the weights of a linear in parts, so that a large one is never in memory as a
 * whole, except as fp32.
 */
export async function storeInParts(
  weights: WeightsFile,
  name: string,
  { rows, columns, format, read }: {
    rows: number;
    columns: number;
    format: WeightFormat;
    /** Reads rows of the matrix, without the row `to`. */
    read(range: { from: number; to: number }): Promise<Matrix>;
  },
): Promise<void> {
  if (format === "fp32") {
    const matrix = await read({ from: 0, to: rows });
    storeLinear(weights, name, { matrix, format });
    return;
  }
  const blocks = columns / BLOCK;
  weights.reserve(`${name}.bytes`, {
    type: "uint8",
    dims: [rows, blocks, BLOCK],
    length: rows * columns,
  });
  weights.reserve(`${name}.scales`, {
    type: "float32",
    dims: [rows * blocks],
    length: rows * blocks * Float32Array.BYTES_PER_ELEMENT,
  });
  for (let from = 0; from < rows; from += PART_ROWS) {
    const to = Math.min(from + PART_ROWS, rows);
    const { bytes, scales } = quantize(await read({ from, to }));
    weights.write(`${name}.bytes`, bytes, from * columns);
    const start = from * blocks * Float32Array.BYTES_PER_ELEMENT;
    weights.write(`${name}.scales`, scales, start);
  }
}

/** Adds `input · matrixᵀ` with stored weights and returns the output's name. */
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

/** 1.5 · 2⁵²: a double of this size has no fraction bits. */
const NO_FRACTION = 6755399441055744;

/**
 * Rounds to the nearest integer from `-zero` to `zero - 1`, several times faster than
 * `Math.round`.
 */
function toLevel(x: number, zero: number): number {
  const nearest = x + NO_FRACTION - NO_FRACTION;
  return nearest >= zero ? zero - 1 : nearest < -zero ? -zero : nearest;
}

/** Returns the numbers of a matrix in column-major order. */
export function transpose({ rows, columns, data }: Matrix): Float32Array {
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = data[row * columns + column];
    }
  }
  return out;
}
