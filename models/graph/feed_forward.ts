/**
 * The feed-forward network of a block: two matrices with a function between them, and in
 * most models a third one, the gate.
 *
 * @module
 */

import type { ModelConfig } from "../architectures/config.ts";
import type { Activation } from "../architectures/families.ts";
import type { GraphBuilder, NodeOptions } from "./graph_builder.ts";
import { linears } from "./linear.ts";
import type { Updates } from "./updates.ts";

/** The operator of each function; all are ONNX Runtime's own. */
const OPERATORS: Record<Activation, [op: string, options?: NodeOptions]> = {
  silu: ["QuickGelu", { floats: { alpha: 1 } }],
  "gelu": ["Gelu"],
  "gelu-tanh": ["FastGelu"],
};

/** Adds the feed-forward network of a layer. */
export function feedForward(
  graph: GraphBuilder,
  input: string,
  { config, layer, updated }: {
    config: ModelConfig;
    layer: number;
    updated: Updates;
  },
): string {
  const block = `blk.${layer}`;
  const names = config.gated ? ["ffn_gate", "ffn_up"] : ["ffn_up"];
  const [first, up] = updated.apply(
    input,
    linears(graph, input, names.map((name) => `${block}.${name}.weight`)),
    { linear: "ffn_gate_up", layer },
  );
  const [op, options] = OPERATORS[config.activation];
  const activated = graph.node(op, [first], {
    domain: "com.microsoft",
    ...options,
  });
  const product = config.gated ? graph.node("Mul", [activated, up]) : activated;
  const [down] = updated.apply(
    product,
    linears(graph, product, [`${block}.ffn_down.weight`]),
    { linear: "ffn_down", layer },
  );
  return down;
}
