/**
 * The Llama architecture as two ONNX graphs that share one weights file.
 *
 * The *body* turns embedded rows into hidden states and writes their keys and
 * values into the KV buffers; the *head* turns chosen hidden rows into logits.
 * Embedding happens outside, so that mask tokens need no vocabulary entry.
 *
 * Keys and values go to consecutive slots, `seqlens_k` being the last of them.
 * Rotary angles are looked up by slot, not by position: `cos` and `sin` hold, for
 * every slot, the angles of the position that its row stands for. Who sees whom is
 * `bias`, added to the attention scores. `gate` marks the mask rows for an adapter
 * that updates linears, and is no input without one.
 *
 * @module
 */

import type { Update } from "../adapter/adapter.ts";
import type { LlamaConfig } from "../architectures/llama.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { linear, type Matrix, type WeightFormat } from "./linear.ts";
import { Updates } from "./updates.ts";
import type { WeightsFile } from "./weights_file.ts";

/** Gives a tensor of the model by its GGUF name, dequantised. */
export type TensorReader = (name: string) => Promise<Matrix>;

/** What a graph is built from. */
export interface LlamaParts {
  config: LlamaConfig;
  format: WeightFormat;
  weights: WeightsFile;
  read: TensorReader;
  /** What an adapter adds to linears; none by default. */
  updates?: readonly Update[];
  /** The L layers whose inputs the body gives too; none by default. */
  tapped?: readonly number[];
}

/**
 * Builds the body: `embeddings [1, rows, dim]` → `hidden [1, rows, dim]`, and
 * `inputs [1, rows, L * dim]` if layers are tapped.
 */
export async function buildBody(parts: LlamaParts): Promise<GraphBuilder> {
  const { config, format, weights, read } = parts;
  const { layers, heads, kvHeads, headDim, dim, epsilon } = config;
  const graph = new GraphBuilder(weights);
  const microsoft = { domain: "com.microsoft" } as const;

  const embeddings = graph.input("embeddings", "float32", [1, "rows", dim]);
  const bias = graph.input("bias", "float32", [1, 1, "rows", "total"]);
  const seqlens = graph.input("seqlens_k", "int32", [1]);
  const total = graph.input("total", "int32", []);
  const cos = graph.input("cos", "float32", ["angles", headDim / 2]);
  const sin = graph.input("sin", "float32", ["angles", headDim / 2]);
  const updates = new Updates(graph, parts.updates ?? []);

  const vector = async (name: string) =>
    graph.weight(name, [dim], (await read(name)).data);
  const project = async (input: string, name: string) =>
    linear(graph, input, { name, matrix: await read(name), format });

  let residual = embeddings;
  /** Adds `change` to the residual stream and normalises the sum. */
  const addAndNorm = async (change: string, norm: string) => {
    const name = norm.slice(0, -".weight".length);
    graph.node("SkipSimplifiedLayerNormalization", [
      residual,
      change,
      await vector(norm),
    ], {
      ...microsoft,
      outputs: [name, "", "", `${name}.residual`],
      floats: { epsilon },
    });
    residual = `${name}.residual`;
    return name;
  };

  let normed = graph.node("SimplifiedLayerNormalization", [
    embeddings,
    await vector("blk.0.attn_norm.weight"),
  ], { ints: { axis: -1, stash_type: 1 }, floats: { epsilon } });

  const inputs: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    if (parts.tapped?.includes(layer)) inputs.push(normed);
    const block = `blk.${layer}`;
    const plainQkv = linear(graph, normed, {
      name: `${block}.attn_qkv`,
      matrix: stack(
        halves(await read(`${block}.attn_q.weight`), headDim),
        halves(await read(`${block}.attn_k.weight`), headDim),
        await read(`${block}.attn_v.weight`),
      ),
      format,
    });
    const [qkv] = updates.apply(normed, [plainQkv], {
      linear: "attn_qkv",
      layer,
    });
    const kvShape = (slots: string) => [1, kvHeads, slots, headDim];
    const pastKey = `past_key.${layer}`, pastValue = `past_value.${layer}`;
    const key = `present_key.${layer}`, value = `present_value.${layer}`;
    const attention = graph.node("GroupQueryAttention", [
      qkv,
      "",
      "",
      graph.input(pastKey, "float32", kvShape("slots")),
      graph.input(pastValue, "float32", kvShape("slots")),
      seqlens,
      total,
      cos,
      sin,
      "",
      bias,
    ], {
      ...microsoft,
      outputs: [`${block}.attention`, key, value],
      ints: { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1 },
      floats: { scale: headDim ** -0.5 },
    });
    graph.output(key, kvShape("slots_after"));
    graph.output(value, kvShape("slots_after"));

    const [attended] = updates.apply(attention, [
      await project(attention, `${block}.attn_output.weight`),
    ], { linear: "attn_output", layer });
    const inner = await addAndNorm(attended, `${block}.ffn_norm.weight`);
    const [gate, up] = updates.apply(inner, [
      await project(inner, `${block}.ffn_gate.weight`),
      await project(inner, `${block}.ffn_up.weight`),
    ], { linear: "ffn_gate_up", layer });
    const swish = graph.node("QuickGelu", [gate], {
      ...microsoft,
      floats: { alpha: 1 },
    });
    const product = graph.node("Mul", [swish, up]);
    const [down] = updates.apply(product, [
      await project(product, `${block}.ffn_down.weight`),
    ], { linear: "ffn_down", layer });
    normed = await addAndNorm(
      down,
      layer + 1 < layers
        ? `blk.${layer + 1}.attn_norm.weight`
        : "output_norm.weight",
    );
  }
  graph.node("Identity", [normed], { outputs: ["hidden"] });
  graph.output("hidden", [1, "rows", dim]);
  if (inputs.length > 0) {
    graph.node("Concat", inputs, { outputs: ["inputs"], ints: { axis: -1 } });
    graph.output("inputs", [1, "rows", inputs.length * dim]);
  }
  return graph;
}

/** Builds the head: `hidden [1, rows, dim]`, `chosen [n]` → `logits [n, vocab]`. */
export async function buildHead(parts: LlamaParts): Promise<GraphBuilder> {
  const { config, format, weights, read } = parts;
  const graph = new GraphBuilder(weights);
  const hidden = graph.input("hidden", "float32", [1, "rows", config.dim]);
  const chosen = graph.input("chosen", "int64", ["chosen_rows"]);
  const picked = graph.node("Gather", [hidden, chosen], { ints: { axis: 1 } });
  const name = headName(config);
  const logits = linear(graph, picked, {
    name,
    matrix: await read(name),
    format,
  });
  graph.node("Identity", [logits], { outputs: ["logits"] });
  graph.output("logits", [1, "chosen_rows", config.vocab]);
  return graph;
}

/** Names the tensor that turns hidden states into logits. */
export function headName({ tiedHead }: LlamaConfig): string {
  return tiedHead ? "token_embd.weight" : "output.weight";
}

/**
 * Puts a head's rows back into two halves.
 *
 * GGUF keeps the rows of Llama's queries and keys in pairs (0, half, 1, half + 1,
 * …), as interleaved rotary embedding wants them; the graph rotates halves.
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

/** Sets matrices of equal width one below the other. */
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
