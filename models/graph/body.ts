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
import { feedForward } from "./feed_forward.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { linears } from "./linear.ts";
import { headName } from "./model_weights.ts";
import { Norms } from "./norms.ts";
import { Updates } from "./updates.ts";
import type { WeightsFile } from "./weights_file.ts";

/** The parts of a body; its weights must be stored already. */
export interface BodyParts {
  config: ModelConfig;
  weights: WeightsFile;
  /** Sequences that share a pass. @default 1 */
  sequences?: number;
  /** Whether query heads that share keys become rows, for few rows. @default false */
  folded?: boolean;
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
  { config, weights, sequences = 1, folded = false, updates = [], tapped = [] }:
    BodyParts,
): GraphBuilder {
  const { layers, dim, parallel } = config;
  const graph = new GraphBuilder(weights);

  const embeddings = graph.input("embeddings", "float32", [1, "rows", dim]);
  const attention = new Attention(graph, { config, sequences, folded });
  const updated = new Updates(graph, updates);
  const norms = new Norms(graph, { config, residual: embeddings });
  const before = config.norms !== "after";
  const after = config.norms !== "before";
  /** Normalises what is added to the residual stream, where the model does. */
  const changed = (change: string, name: string) =>
    after ? norms.norm(change, name) : change;

  let normed = before ? norms.norm(embeddings, "blk.0.attn_norm") : embeddings;
  const inputs: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    if (tapped.includes(layer)) inputs.push(normed);
    const block = `blk.${layer}`;
    const [projected] = updated.apply(
      normed,
      linears(graph, normed, [`${block}.attn_qkv`]),
      { linear: "attn_qkv", layer },
    );
    const qkv = prepared(graph, projected, { block, config, norms });
    const attended = attention.add(qkv, layer);
    const [out] = updated.apply(
      attended,
      linears(graph, attended, [`${block}.attn_output.weight`]),
      { linear: "attn_output", layer },
    );
    let change = changed(out, `${block}.post_attention_norm`);
    const feed = (input: string) =>
      changed(
        feedForward(graph, input, { config, layer, updated }),
        `${block}.post_ffw_norm`,
      );
    if (parallel) change = graph.node("Add", [change, feed(normed)]);
    else if (before) {
      change = feed(norms.addAndNorm(change, `${block}.ffn_norm`));
    } else change = feed(norms.add(change));
    const isLast = layer + 1 === layers;
    if (isLast) normed = norms.addAndNorm(change, "output_norm");
    else if (before) {
      normed = norms.addAndNorm(change, `blk.${layer + 1}.attn_norm`);
    } else normed = norms.add(change);
  }
  graph.node("Identity", [normed], { outputs: ["hidden"] });
  graph.output("hidden", [1, "rows", dim]);
  if (inputs.length > 0) {
    graph.node("Concat", inputs, { outputs: ["inputs"], ints: { axis: -1 } });
    graph.output("inputs", [1, "rows", inputs.length * dim]);
  }
  return graph;
}

/** Adds biases to queries, keys and values and norms, where the model does. */
function prepared(
  graph: GraphBuilder,
  projected: string,
  { block, config, norms }: {
    block: string;
    config: ModelConfig;
    norms: Norms;
  },
): string {
  const { heads, kvHeads, headDim, biases, queryKeyNorms } = config;
  const qkv = biases
    ? graph.node("Add", [projected, graph.stored(`${block}.attn_qkv.bias`)])
    : projected;
  if (queryKeyNorms === undefined) return qkv;
  const sizes = [heads, kvHeads, kvHeads].map((count) => count * headDim);
  const [q, k, v] = ["q", "k", "v"].map((name) => `${block}.${name}`);
  graph.node("Split", [qkv, graph.constant(sizes)], {
    outputs: [q, k, v],
    ints: { axis: -1 },
  });
  const normed = (input: string, norm: string) => {
    const name = `${block}.${norm}`;
    if (queryKeyNorms === "whole") return norms.norm(input, name);
    const perHead = graph.constant([0, 0, -1, headDim]);
    const joined = graph.constant([0, 0, -1]);
    const split = graph.node("Reshape", [input, perHead]);
    return graph.node("Reshape", [norms.norm(split, name), joined]);
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
  const [logits] = linears(graph, picked, [headName(config)]);
  graph.node("Identity", [logits], { outputs: ["logits"] });
  graph.output("logits", [1, "chosen_rows", config.vocab]);
  return graph;
}
