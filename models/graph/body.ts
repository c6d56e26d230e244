/**
 * The architectures as ONNX graphs that share one weights file.
 *
 * The *body* maps embedded rows to hidden states and writes their keys and values to
 * the KV caches. The *head* maps chosen hidden states to logits. Tokens are embedded
 * outside the graph, so that mask tokens need no vocabulary entry.
 *
 * A body computes one sequence or several. Only attention (`attention.ts`) differs
 * between sequences; everything else is computed for all rows at once. A body with an
 * adapter's updates also has the input `gate`, which marks mask rows.
 *
 * @module
 */

import type { Update } from "../adapter/adapter.ts";
import type { ModelConfig } from "../architectures/config.ts";
import { Attention } from "./attention.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { linear } from "./linear.ts";
import { headName } from "./model_weights.ts";
import { Updates } from "./updates.ts";
import type { WeightsFile } from "./weights_file.ts";

/** The parts of a body; its weights must be stored already. */
export interface BodyParts {
  config: ModelConfig;
  weights: WeightsFile;
  /** Sequences that share a pass. @default 1 */
  sequences?: number;
  /** Updates of an adapter; none by default. */
  updates?: readonly Update[];
  /** The L layers whose inputs are outputs of the graph; none by default. */
  tapped?: readonly number[];
}

/**
 * Builds a body: `embeddings [1, rows, dim]` → `hidden [1, rows, dim]`, and
 * `inputs [1, rows, L * dim]` if layers are tapped.
 */
export function buildBody(
  { config, weights, sequences = 1, updates = [], tapped = [] }: BodyParts,
): GraphBuilder {
  const { layers, dim, epsilon } = config;
  const graph = new GraphBuilder(weights);
  const microsoft = { domain: "com.microsoft" } as const;

  const embeddings = graph.input("embeddings", "float32", [1, "rows", dim]);
  const attention = new Attention(graph, { config, sequences });
  const updated = new Updates(graph, updates);

  let residual = embeddings;
  /** Adds `change` to the residual stream and normalises the sum. */
  const addAndNorm = (change: string, norm: string) => {
    const name = norm.slice(0, -".weight".length);
    graph.node("SkipSimplifiedLayerNormalization", [
      residual,
      change,
      graph.stored(norm),
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
    graph.stored("blk.0.attn_norm.weight"),
  ], { ints: { axis: -1, stash_type: 1 }, floats: { epsilon } });

  const inputs: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    if (tapped.includes(layer)) inputs.push(normed);
    const block = `blk.${layer}`;
    const [projected] = updated.apply(normed, [
      linear(graph, normed, `${block}.attn_qkv`),
    ], { linear: "attn_qkv", layer });
    const qkv = prepared(graph, projected, { block, config });
    const attended = attention.add(qkv, layer);
    const [out] = updated.apply(attended, [
      linear(graph, attended, `${block}.attn_output.weight`),
    ], { linear: "attn_output", layer });
    const inner = addAndNorm(out, `${block}.ffn_norm.weight`);
    const [gate, up] = updated.apply(inner, [
      linear(graph, inner, `${block}.ffn_gate.weight`),
      linear(graph, inner, `${block}.ffn_up.weight`),
    ], { linear: "ffn_gate_up", layer });
    const swish = graph.node("QuickGelu", [gate], {
      ...microsoft,
      floats: { alpha: 1 },
    });
    const product = graph.node("Mul", [swish, up]);
    const [down] = updated.apply(product, [
      linear(graph, product, `${block}.ffn_down.weight`),
    ], { linear: "ffn_down", layer });
    normed = addAndNorm(
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

/** Adds biases to queries, keys and values and normalises heads, where the model does. */
function prepared(
  graph: GraphBuilder,
  projected: string,
  { block, config }: { block: string; config: ModelConfig },
): string {
  const { heads, kvHeads, headDim, biases, headNorms, epsilon } = config;
  const qkv = biases
    ? graph.node("Add", [projected, graph.stored(`${block}.attn_qkv.bias`)])
    : projected;
  if (!headNorms) return qkv;
  const sizes = [heads, kvHeads, kvHeads].map((count) => count * headDim);
  const [q, k, v] = ["q", "k", "v"].map((name) => `${block}.${name}`);
  graph.node("Split", [qkv, graph.constant(sizes)], {
    outputs: [q, k, v],
    ints: { axis: -1 },
  });
  const normed = (input: string, norm: string) => {
    const perHead = graph.constant([0, 0, -1, headDim]);
    const joined = graph.constant([0, 0, -1]);
    const split = graph.node("Reshape", [input, perHead]);
    const weight = graph.stored(`${block}.${norm}.weight`);
    const out = graph.node("SimplifiedLayerNormalization", [split, weight], {
      ints: { axis: -1, stash_type: 1 },
      floats: { epsilon },
    });
    return graph.node("Reshape", [out, joined]);
  };
  return graph.node("Concat", [
    normed(q, "attn_q_norm"),
    normed(k, "attn_k_norm"),
    v,
  ], { ints: { axis: -1 } });
}

/** Builds the head: `hidden [1, rows, dim]`, `chosen [n]` → `logits [n, vocab]`. */
export function buildHead(
  { config, weights }: Pick<BodyParts, "config" | "weights">,
): GraphBuilder {
  const graph = new GraphBuilder(weights);
  const hidden = graph.input("hidden", "float32", [1, "rows", config.dim]);
  const chosen = graph.input("chosen", "int64", ["chosen_rows"]);
  const picked = graph.node("Gather", [hidden, chosen], { ints: { axis: 1 } });
  const logits = linear(graph, picked, headName(config));
  graph.node("Identity", [logits], { outputs: ["logits"] });
  graph.output("logits", [1, "chosen_rows", config.vocab]);
  return graph;
}
