/**
 * Weight matrices as ONNX operators, in the format that is fastest on a backend.
 *
 * @module
 */

import type { Matrix } from "../gguf/reader.ts";
import type { GraphBuilder } from "./graph_builder.ts";
import { type Bits, BLOCK, quantize } from "./quantize/blocks.ts";
import { type LinearInParts, parts } from "./quantize/parts.ts";
import { isWhole, wholeLinears } from "./quantize/whole_numbers.ts";
import type { WeightsFile } from "./weights_file.ts";

/**
 * Storage of weights: `int8` or `int4` in blocks with one scale each (native CPU,
 * WebGPU), `w8a8` with one scale an output (native CPU), or `fp32` (wasm, where unpacking
 * a block takes longer than reading floats).
 *
 * With `int4` the body has 4 bits a weight. The head needs more, so it has 8 unless 4 are
 * all that its file has.
 */
export type WeightFormat = (typeof FORMATS)[number];

/** All weight formats. */
export const FORMATS = ["int8", "int4", "w8a8", "fp32"] as const;

/** `accuracy_level` at which CPU kernels quantise activations to 8-bit blocks. */
const INT8_ACTIVATIONS = 4;

/** Options of {@linkcode storeLinear}. */
interface LinearOptions {
  matrix: Matrix;
  format: WeightFormat;
  /** Bits of a quantised weight; 4 suits drafts, which may be wrong. @default 8 */
  bits?: Bits;
}

/** Stores the weights of a linear, in blocks unless they are `fp32`. */
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

/**
 * Stores the weights of a linear in parts, so that a large one is never in memory as a
 * whole, except as fp32.
 */
export async function storeInParts(
  weights: WeightsFile,
  name: string,
  { rows, columns, format, bits = 8, read }:
    & LinearInParts
    & Omit<LinearOptions, "matrix">,
): Promise<void> {
  if (format === "fp32") {
    const matrix = await read({ from: 0, to: rows });
    storeLinear(weights, name, { matrix, format });
    return;
  }
  const blocks = columns / BLOCK;
  const blockBytes = BLOCK * bits / 8;
  weights.reserve(`${name}.bytes`, {
    type: "uint8",
    dims: [rows, blocks, blockBytes],
    length: rows * blocks * blockBytes,
  });
  weights.reserve(`${name}.scales`, {
    type: "float32",
    dims: [rows * blocks],
    length: rows * blocks * Float32Array.BYTES_PER_ELEMENT,
  });
  for (const part of parts(rows)) {
    const { from } = part;
    const { bytes, scales } = quantize(await read(part), bits);
    weights.write(`${name}.bytes`, bytes, from * blocks * blockBytes);
    const start = from * blocks * Float32Array.BYTES_PER_ELEMENT;
    weights.write(`${name}.scales`, scales, start);
  }
}

/** Adds linears that have the same input, and returns their outputs. */
export function linears(
  graph: GraphBuilder,
  input: string,
  names: string[],
): string[] {
  if (isWhole(graph, names[0])) return wholeLinears(graph, input, names);
  return names.map((name) => linear(graph, input, name));
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
