/**
 * Stores the weights of a model in the layout of its graphs.
 *
 * @module
 */

import type { ModelConfig } from "../architectures/config.ts";
import { type Matrix, storeLinear, type WeightFormat } from "./linear.ts";
import type { WeightsFile } from "./weights_file.ts";

/** Returns a tensor of the model by its GGUF name, dequantised. */
export type TensorReader = (name: string) => Promise<Matrix>;

/** The source and the destination of the weights. */
export interface ModelWeights {
  config: ModelConfig;
  format: WeightFormat;
  weights: WeightsFile;
  read: TensorReader;
}

/** Stores the weights of the body and of the head, with the model's scales in them. */
export async function storeModel(
  { config, format, weights, read }: ModelWeights,
): Promise<void> {
  const { layers, headDim, pairs, biases, headNorms, scales } = config;
  const vector = async (name: string) => {
    const { data } = await read(name);
    weights.add(name, [data.length], data);
  };
  const linear = async (name: string, scale = 1) => {
    const matrix = scaled(await read(name), scale);
    storeLinear(weights, name, { matrix, format });
  };

  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}`;
    await vector(`${block}.attn_norm.weight`);
    const qkv = async (kind: "weight" | "bias") => {
      const rotated = async (name: string) => {
        const matrix = await read(`${block}.${name}.${kind}`);
        return pairs ? halves(matrix, headDim) : matrix;
      };
      const values = await read(`${block}.attn_v.${kind}`);
      return stack(await rotated("attn_q"), await rotated("attn_k"), values);
    };
    const matrix = await qkv("weight");
    storeLinear(weights, `${block}.attn_qkv`, { matrix, format });
    if (biases) {
      const { rows, data } = await qkv("bias");
      weights.add(`${block}.attn_qkv.bias`, [rows], data);
    }
    if (headNorms) {
      await vector(`${block}.attn_q_norm.weight`);
      await vector(`${block}.attn_k_norm.weight`);
    }
    await linear(`${block}.attn_output.weight`, scales.residual);
    await vector(`${block}.ffn_norm.weight`);
    await linear(`${block}.ffn_gate.weight`);
    await linear(`${block}.ffn_up.weight`);
    await linear(`${block}.ffn_down.weight`, scales.residual);
  }
  await vector("output_norm.weight");
  await linear(headName(config), scales.logits);
}

/** Returns the name of the tensor that maps hidden states to logits. */
export function headName({ tiedHead }: ModelConfig): string {
  return tiedHead ? "token_embd.weight" : "output.weight";
}

/**
 * Reorders each head's rows from pairs to halves.
 *
 * Files of some architectures have the rows of queries and keys in pairs (0, half, 1,
 * half + 1, …) for interleaved rotary embedding. The graph rotates halves.
 */
function halves({ rows, columns, data }: Matrix, headDim: number): Matrix {
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const head = row - row % headDim;
    const pair = row % headDim;
    const to = head + (pair % 2) * headDim / 2 + Math.floor(pair / 2);
    out.set(data.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return { rows, columns, data: out };
}

function scaled(matrix: Matrix, scale: number): Matrix {
  if (scale === 1) return matrix;
  return { ...matrix, data: matrix.data.map((value) => value * scale) };
}

/** Concatenates matrices by rows. */
function stack(...parts: Matrix[]): Matrix {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const { columns } = parts[0];
  const data = new Float32Array(rows * columns);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { rows, columns, data };
}
