/**
 * Low-rank updates: what tuning adds to a linear, on mask rows alone.
 *
 * ```text
 * y + B · (gate * (A · x))      gate: 1 on mask rows, 0 on all others
 * ```
 *
 * The other rows get zeros added, so that they are what the frozen model computes. A
 * pass without mask rows needs none of it, which is why it has a graph without.
 *
 * @module
 */

import type { Update } from "../adapter/adapter.ts";
import type { GraphBuilder } from "./graph_builder.ts";
import { transpose } from "./linear.ts";

/** Adds updates to linears of a graph. */
export class Updates {
  readonly #graph: GraphBuilder;
  readonly #updates: readonly Update[];
  #gate = "";

  /** Declares the input `gate [1, rows, 1]` if there are any. */
  constructor(graph: GraphBuilder, updates: readonly Update[]) {
    this.#graph = graph;
    this.#updates = updates;
    if (updates.length > 0) {
      this.#gate = graph.input("gate", "float32", [1, "rows", 1]);
    }
  }

  /**
   * Updates what the linear made of `input` in a layer: its `outputs`, which share
   * the rows of B in order and equally.
   *
   * @returns the updated outputs' names.
   */
  apply(
    input: string,
    outputs: string[],
    { linear, layer }: { linear: Update["linear"]; layer: number },
  ): string[] {
    const update = this.#updates.find((candidate) =>
      candidate.linear === linear && layer >= candidate.firstLayer
    );
    if (!update) return outputs;
    return this.#add(input, outputs, { update, layer });
  }

  #add(
    input: string,
    outputs: string[],
    { update, layer }: { update: Update; layer: number },
  ): string[] {
    const graph = this.#graph;
    const { rank, inputs } = update;
    const at = layer - update.firstLayer;
    const name = `blk.${layer}.${update.linear}`;
    const a = slice(update.a, at, rank * inputs);
    const weightA = graph.weight(
      `${name}.a`,
      [inputs, rank],
      transpose({ rows: rank, columns: inputs, data: a }),
    );
    const gated = graph.node("Mul", [
      graph.node("MatMul", [input, weightA]),
      this.#gate,
    ]);
    const b = slice(update.b, at, update.outputs * rank);
    const rows = update.outputs / outputs.length;
    return outputs.map((output, part) => {
      const data = slice(b, part, rows * rank);
      const weightB = graph.weight(
        `${name}.b${part}`,
        [rank, rows],
        transpose({ rows, columns: rank, data }),
      );
      const change = graph.node("MatMul", [gated, weightB]);
      return graph.node("Add", [output, change]);
    });
  }
}

/** Takes the part of an array with an index, the parts being of one size. */
function slice(data: Float32Array, index: number, size: number): Float32Array {
  return data.subarray(index * size, (index + 1) * size);
}
