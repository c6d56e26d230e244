/**
 * Low-rank updates, which tuning adds to linears on mask rows only.
 *
 * ```text
 * y + B · (gate * (A · x))      gate: 1 on mask rows, 0 on other rows
 * ```
 *
 * The update of other rows is zero, so they are exactly the frozen model's. A pass
 * without mask rows uses a graph without updates.
 *
 * @module
 */

import type { Update } from "../adapter/adapter.ts";
import type { GraphBuilder } from "./graph_builder.ts";
import { transpose } from "./linear.ts";

/** Adds an adapter's updates to the linears of a graph. */
export class Updates {
  readonly #graph: GraphBuilder;
  readonly #updates: readonly Update[];
  #gate = "";

  /** Declares the input `gate [1, rows, 1]` if there are updates. */
  constructor(graph: GraphBuilder, updates: readonly Update[]) {
    this.#graph = graph;
    this.#updates = updates;
    if (updates.length > 0) {
      this.#gate = graph.input("gate", "float32", [1, "rows", 1]);
    }
  }

  /**
   * Adds the update of a linear in a layer. Several `outputs` each get an equal share of
   * the rows of B, in order.
   *
   * @returns The names of the updated outputs.
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
    const graph = this.#graph;
    const { rank, inputs } = update;
    const at = layer - update.firstLayer;
    const name = `blk.${layer}.${linear}`;
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

/** Returns part `index` of an array in parts of `size`. */
function slice(data: Float32Array, index: number, size: number): Float32Array {
  return data.subarray(index * size, (index + 1) * size);
}
