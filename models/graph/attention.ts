/**
 * The attention of a pass, in which each sequence attends to its own KV cache.
 *
 * ```text
 * qkv of all rows ── Gather rows of sequence 0 ── GroupQueryAttention ─┐
 *                 ── Gather rows of sequence 1 ── GroupQueryAttention ─┴ Concat ── Gather
 * ```
 *
 * ONNX Runtime's kernel supports several rows after a past for one sequence only, so
 * each sequence has a node. The inputs of a node have the suffix `.0`, `.1`, … `rows`
 * lists the rows of its sequence in the pass. These are at least two; the last one may
 * be repeated. `order` lists, for each row of the pass, its index in the concatenated
 * outputs. A graph for one sequence has no suffix, and unless it is folded no `rows` and
 * no `order`.
 *
 * Keys and values are written to consecutive slots; `seqlens_k` is the last of them.
 * Rotary angles are looked up by slot, since WebGPU's kernel ignores positions: `cos`
 * and `sin` hold, for each slot, the angles of its row's position. `bias` is added to
 * the attention scores. Layers with a sliding window have such inputs of their own, as
 * the kernel's own window counts slots, and a token's slot may be later than its place.
 *
 * In a *folded* graph, the C query heads that share keys become rows: a node of `kvHeads`
 * heads has the rows of a sequence C times, one after the other, of which the first are
 * the natural ones. So it reads keys and values once for all of C heads, which is faster
 * for few rows, in the same bits. A single row has C then, and is repeated only if no
 * heads share keys. Where C times the rows are one more than native kernels multiply at
 * once, the last row is repeated. `bias`, `cos` and `sin` have all of these rows, and only the first are seen:
 * the keys of the others are copies, in the slots after. There, `rows` and `order` list
 * heads, of which a row of `qkv` has all of queries, keys and values, and a row of the
 * outputs `kvHeads`.
 *
 * @module
 */

import type { ModelConfig } from "../architectures/config.ts";
import type { GraphBuilder } from "./graph_builder.ts";

/** What a kind of layer sees of a sequence. */
interface View {
  cos: string;
  sin: string;
  bias: string;
}

/** The inputs of one sequence. */
interface Lane {
  suffix: string;
  /** Input that lists the sequence's rows, or heads; empty if it has all of them. */
  rows: string;
  seqlens: string;
  total: string;
  all: View;
  /** The view of layers with a sliding window, if there are any. */
  window: View | undefined;
}

/** Adds attention to a graph. */
export class Attention {
  readonly #graph: GraphBuilder;
  readonly #config: ModelConfig;
  readonly #lanes: Lane[];
  readonly #order: string;
  readonly #folded: boolean;

  /** Declares the inputs that all layers share. */
  constructor(
    graph: GraphBuilder,
    { config, sequences, folded }: {
      config: ModelConfig;
      sequences: number;
      folded: boolean;
    },
  ) {
    this.#graph = graph;
    this.#config = config;
    this.#folded = folded;
    const isListed = sequences > 1 || folded;
    const list = (name: string, length: string) =>
      isListed
        ? graph.input(name, folded ? "int32" : "int64", [
          folded ? `${name}_heads` : length,
        ])
        : "";
    this.#order = list("order", "rows");
    this.#lanes = Array.from({ length: sequences }, (_, lane) => {
      const suffix = sequences > 1 ? `.${lane}` : "";
      const width = isListed ? `width${suffix}` : "rows";
      const total = `total${suffix}`;
      const angles = [`angles${suffix}`, config.headDim / 2];
      const view = (prefix: string): View => ({
        cos: graph.input(`${prefix}cos${suffix}`, "float32", angles),
        sin: graph.input(`${prefix}sin${suffix}`, "float32", angles),
        bias: graph.input(
          `${prefix}bias${suffix}`,
          "float32",
          [1, 1, width, total],
        ),
      });
      return {
        suffix,
        rows: list(`rows${suffix}`, width),
        seqlens: graph.input(`seqlens_k${suffix}`, "int32", [1]),
        total: graph.input(total, "int32", []),
        all: view(""),
        window: config.window && view("window_"),
      };
    });
  }

  /** Adds the attention of a layer; `qkv` and the output have the pass's rows. */
  add(qkv: string, layer: number): string {
    const graph = this.#graph;
    const { heads, kvHeads } = this.#config;
    const attended = this.#lanes.map((lane) =>
      this.#attend(this.#take(qkv, lane.rows, 3 * kvHeads), layer, lane)
    );
    const all = attended.length > 1
      ? graph.node("Concat", attended, { ints: { axis: 1 } })
      : attended[0];
    return this.#take(all, this.#order, heads);
  }

  /** Gathers the rows of a list, or in a folded graph its heads, so many a row. */
  #take(from: string, list: string, heads: number): string {
    if (!list) return from;
    const graph = this.#graph;
    if (!this.#folded) {
      return graph.node("Gather", [from, list], { ints: { axis: 1 } });
    }
    const { headDim } = this.#config;
    const split = graph.constant([-1, headDim]);
    const joined = graph.constant([1, -1, heads * headDim]);
    const taken = graph.node("Gather", [
      graph.node("Reshape", [from, split]),
      list,
    ], { ints: { axis: 0 } });
    return graph.node("Reshape", [taken, joined]);
  }

  #attend(qkv: string, layer: number, lane: Lane): string {
    const graph = this.#graph;
    const { heads, kvHeads, headDim, scales, unrotated, window } = this.#config;
    const { suffix, seqlens, total } = lane;
    const view = window?.layers[layer] ? lane.window! : lane.all;
    const isRotated = unrotated === undefined || (layer + 1) % unrotated !== 0;
    const shape = (slots: string) => [1, kvHeads, `${slots}${suffix}`, headDim];
    const past = (kind: string) =>
      graph.input(
        `past_${kind}.${layer}${suffix}`,
        "float32",
        shape("slots"),
      );
    const present = ["key", "value"].map((kind) => {
      const name = `present_${kind}.${layer}${suffix}`;
      graph.output(name, shape("slots_after"));
      return name;
    });
    return graph.node("GroupQueryAttention", [
      qkv,
      "",
      "",
      past("key"),
      past("value"),
      seqlens,
      total,
      isRotated ? view.cos : "",
      isRotated ? view.sin : "",
      "",
      view.bias,
    ], {
      domain: "com.microsoft",
      outputs: [`blk.${layer}.attention${suffix}`, ...present],
      ints: {
        num_heads: this.#folded ? kvHeads : heads,
        kv_num_heads: kvHeads,
        do_rotary: isRotated ? 1 : 0,
      },
      floats: { scale: scales.attention },
    });
  }
}
