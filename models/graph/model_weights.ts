/**
 * Stores the weights of a model in the layout of its graphs.
 *
 * @module
 */

import type { ModelConfig } from "../architectures/config.ts";
import type { Matrix, RowRange } from "../gguf/reader.ts";
import { storeInParts, storeLinear, type WeightFormat } from "./linear.ts";
import type { Bits } from "./quantize/blocks.ts";
import type { LayerInputs, UsualInputs } from "./quantize/layer_inputs.ts";
import type { LinearInParts } from "./quantize/parts.ts";
import {
  type NamedMatrix,
  storeSmoothed,
  storeUnsmoothed,
  storeUnsmoothedInParts,
} from "./quantize/smoothed.ts";
import type { WeightsFile } from "./weights_file.ts";

/** Returns a tensor of the model by its GGUF name, or rows of it, dequantised. */
export type TensorReader = (name: string, range?: RowRange) => Promise<Matrix>;

/** The source and the destination of the weights. */
export interface ModelWeights {
  config: ModelConfig;
  format: WeightFormat;
  /** Bits of a quantised weight of the head. */
  headBits: Bits;
  weights: WeightsFile;
  read: TensorReader;
}

/**
 * Stores the weights of the body, with the model's scales in them.
 *
 * @param measure returns what goes into the linears of a layer, by which they are
 * smoothed; by default they are not. It is called with each layer in order.
 */
export async function storeBody(
  { config, format, weights, read }: Omit<ModelWeights, "headBits">,
  measure?: (layer: number) => Promise<LayerInputs>,
): Promise<void> {
  const { layers, scales, queryKeyNorms } = config;
  let usual: LayerInputs | undefined;
  const vector = async (name: string) => {
    const { data } = await read(name);
    weights.add(name, [data.length], data);
  };
  const norm = async (name: string) => {
    await vector(`${name}.weight`);
    if (config.layerNorms) await vector(`${name}.bias`);
  };
  const bits = format === "int4" ? 4 : 8;
  /** Stores linears that have the same input. */
  const store = (...linears: NamedMatrix[]) => {
    const inputs = usual?.get(linears[0][0]);
    if (inputs) return storeSmoothed(weights, linears, inputs);
    for (const [name, matrix] of linears) {
      storeLinear(weights, name, { matrix, format, bits });
    }
  };
  const residual = async (name: string): Promise<NamedMatrix> => [
    name,
    scaled(await read(name), scales.residual),
  ];

  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}`;
    usual = await measure?.(layer);
    if (config.norms !== "after") {
      await norm(`${block}.attn_norm`);
      if (!config.parallel) await norm(`${block}.ffn_norm`);
    }
    if (config.norms !== "before") {
      await norm(`${block}.post_attention_norm`);
      await norm(`${block}.post_ffw_norm`);
    }
    const qkv = (kind: "weight" | "bias") =>
      readQueriesKeysValues({ config, read }, block, kind);
    store([`${block}.attn_qkv`, await qkv("weight")]);
    if (config.biases) {
      const { rows, data } = await qkv("bias");
      weights.add(`${block}.attn_qkv.bias`, [rows], data);
    }
    if (queryKeyNorms) {
      for (const name of ["attn_q_norm", "attn_k_norm"]) {
        const { rows, data } = halves(
          await read(`${block}.${name}.weight`),
          config,
        );
        weights.add(`${block}.${name}.weight`, [rows], data);
      }
    }
    store(await residual(`${block}.attn_output.weight`));
    const gate = `${block}.ffn_gate.weight`;
    const up = `${block}.ffn_up.weight`;
    if (!config.gated) store([up, await read(up)]);
    else if (config.fused) {
      const both = cut(await read(up), [config.hidden, config.hidden]);
      store([gate, both[0]], [up, both[1]]);
    } else store([gate, await read(gate)], [up, await read(up)]);
    const down = await residual(`${block}.ffn_down.weight`);
    const inputs = usual?.get(down[0]);
    if (inputs) storeUnsmoothed(weights, down, inputs);
    else store(down);
  }
  await norm("output_norm");
}

/**
 * Stores the weights of the head, with the model's scale of logits in them.
 *
 * @param inputs what usually goes into it, if its products are of whole numbers.
 */
export async function storeHead(
  { config, format, headBits: bits, weights, read }: ModelWeights,
  inputs?: UsualInputs,
): Promise<void> {
  const name = headName(config);
  const head: LinearInParts = {
    rows: config.vocab,
    columns: config.dim,
    read: async (range) =>
      scaled(await read(name, range), config.scales.logits),
  };
  if (inputs) {
    await storeUnsmoothedInParts(weights, name, { ...head, inputs });
  } else await storeInParts(weights, name, { ...head, format, bits });
}

/** Reads queries, keys and values as one matrix, in the graph's order of rows. */
async function readQueriesKeysValues(
  { config, read }: Pick<ModelWeights, "config" | "read">,
  block: string,
  kind: "weight" | "bias",
): Promise<Matrix> {
  const { heads, kvHeads, headDim, fused } = config;
  const [q, k, v] = fused
    ? cut(
      await read(`${block}.attn_qkv.${kind}`),
      [heads, kvHeads, kvHeads].map((count) => count * headDim),
    )
    : [
      await read(`${block}.attn_q.${kind}`),
      await read(`${block}.attn_k.${kind}`),
      await read(`${block}.attn_v.${kind}`),
    ];
  return stack(halves(q, config), halves(k, config), v);
}

/** Returns the name of the tensor that maps hidden states to logits. */
export function headName({ tiedHead }: ModelConfig): string {
  return tiedHead ? "token_embd.weight" : "output.weight";
}

/**
 * Reorders each head's rows as the graph rotates them: the first half of a head with the
 * second half.
 *
 * Files of some architectures have the rows of queries and keys in pairs (0, half, 1,
 * half + 1, …) for interleaved rotary embedding. In heads that are rotated in part, the
 * rows that are not rotated come last, and each half of them goes to a half.
 */
function halves(
  { rows, columns, data }: Matrix,
  { headDim, rotated, pairs }: ModelConfig,
): Matrix {
  if (!pairs && rotated === headDim) return { rows, columns, data };
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const i = row % headDim;
    const [size, at] = i < rotated ? [rotated, i] : [
      headDim - rotated,
      i - rotated,
    ];
    const first = i < rotated ? 0 : rotated / 2;
    const isPair = pairs && i < rotated;
    const half = isPair ? at % 2 : Math.floor(at / (size / 2));
    const place = isPair ? Math.floor(at / 2) : at % (size / 2);
    const to = row - i + half * headDim / 2 + first + place;
    out.set(data.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return { rows, columns, data: out };
}

function scaled(matrix: Matrix, scale: number): Matrix {
  if (scale === 1) return matrix;
  return { ...matrix, data: matrix.data.map((value) => value * scale) };
}

/** Cuts a matrix into matrices of so many rows. */
function cut({ columns, data }: Matrix, sizes: readonly number[]): Matrix[] {
  let at = 0;
  return sizes.map((rows) => {
    const from = at;
    at += rows * columns;
    return { rows, columns, data: data.subarray(from, at) };
  });
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
