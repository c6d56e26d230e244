/**
 * Stores the weights of a Llama model in the layout of its graphs.
 *
 * @module
 */

import type { LlamaConfig } from "../architectures/llama.ts";
import { type Matrix, storeLinear, type WeightFormat } from "./linear.ts";
import type { WeightsFile } from "./weights_file.ts";

/** Returns a tensor of the model by its GGUF name, dequantised. */
export type TensorReader = (name: string) => Promise<Matrix>;

/** The source and the destination of the weights. */
export interface LlamaWeights {
  config: LlamaConfig;
  format: WeightFormat;
  weights: WeightsFile;
  read: TensorReader;
}

/** Stores the weights of the body and of the head. */
export async function storeLlama(
  { config, format, weights, read }: LlamaWeights,
): Promise<void> {
  const { layers, headDim, dim } = config;
  const vector = async (name: string) =>
    weights.add(name, [dim], (await read(name)).data);
  const matrix = async (name: string) =>
    storeLinear(weights, name, { matrix: await read(name), format });

  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}`;
    await vector(`${block}.attn_norm.weight`);
    const qkv = stack(
      halves(await read(`${block}.attn_q.weight`), headDim),
      halves(await read(`${block}.attn_k.weight`), headDim),
      await read(`${block}.attn_v.weight`),
    );
    storeLinear(weights, `${block}.attn_qkv`, { matrix: qkv, format });
    await matrix(`${block}.attn_output.weight`);
    await vector(`${block}.ffn_norm.weight`);
    await matrix(`${block}.ffn_gate.weight`);
    await matrix(`${block}.ffn_up.weight`);
    await matrix(`${block}.ffn_down.weight`);
  }
  await vector("output_norm.weight");
  await matrix(headName(config));
}

/** Returns the name of the tensor that maps hidden states to logits. */
export function headName({ tiedHead }: LlamaConfig): string {
  return tiedHead ? "token_embd.weight" : "output.weight";
}

/**
 * Reorders each head's rows from pairs to halves.
 *
 * GGUF stores the rows of Llama's queries and keys in pairs (0, half, 1, half + 1, …)
 * for interleaved rotary embedding. The graph rotates halves.
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
