/**
 * Normalisation of hidden states: by their root mean square, or by mean and variance
 * with a bias after it.
 *
 * @module
 */

import type { ModelConfig } from "../architectures/config.ts";
import type { GraphBuilder } from "./graph_builder.ts";

/** Adds norms to a graph, and keeps the residual stream. */
export class Norms {
  readonly #graph: GraphBuilder;
  readonly #config: ModelConfig;
  #residual: string;

  /** @param options.residual what the stream begins with. */
  constructor(
    graph: GraphBuilder,
    { config, residual }: { config: ModelConfig; residual: string },
  ) {
    this.#graph = graph;
    this.#config = config;
    this.#residual = residual;
  }

  /** Adds a norm; `input` may have any leading dimensions. */
  norm(input: string, name: string): string {
    const { epsilon, layerNorms } = this.#config;
    const op = layerNorms
      ? "LayerNormalization"
      : "SimplifiedLayerNormalization";
    return this.#graph.node(op, [input, ...this.#weights(name)], {
      ints: { axis: -1, stash_type: 1 },
      floats: { epsilon },
    });
  }

  /** Adds `change` to the residual stream, and a norm of the sum. */
  addAndNorm(change: string, name: string): string {
    const { epsilon, layerNorms } = this.#config;
    const op = layerNorms
      ? "SkipLayerNormalization"
      : "SkipSimplifiedLayerNormalization";
    const inputs = [this.#residual, change, ...this.#weights(name)];
    this.#residual = `${name}.residual`;
    return this.#graph.node(op, inputs, {
      domain: "com.microsoft",
      outputs: [name, "", "", this.#residual],
      floats: { epsilon },
    });
  }

  /** Adds `change` to the residual stream and returns the sum. */
  add(change: string): string {
    this.#residual = this.#graph.node("Add", [this.#residual, change]);
    return this.#residual;
  }

  #weights(name: string): string[] {
    const weight = this.#graph.stored(`${name}.weight`);
    if (!this.#config.layerNorms) return [weight];
    return [weight, this.#graph.stored(`${name}.bias`)];
  }
}
