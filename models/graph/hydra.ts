/**
 * The ONNX graph of a Hydra head, whose formula is in `../adapter/hydra.ts`.
 *
 * @module
 */

import type { Hydra } from "../adapter/hydra.ts";
import type { Matrix } from "../gguf/reader.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { linear, storeLinear } from "./linear.ts";
import { headName, type ModelWeights } from "./model_weights.ts";

/**
 * Builds one step of a Hydra head.
 *
 * ```text
 * states [1, rows, dim]      row [1]         the hidden state to read
 * inputs [1, rows, L * dim]  inputs_row [1]  the layers' inputs to read, if L > 0
 * token [1, 1, dim]                          embedding of the token chosen at the row
 * → next [1, 1, dim], logits [1, 1, V]
 * ```
 */
export async function buildHydra(
  hydra: Hydra,
  { config, format, weights, read }: Omit<ModelWeights, "headBits">,
): Promise<GraphBuilder> {
  const { dim } = config;
  const graph = new GraphBuilder(weights);
  const project = (input: string, name: string, matrix: Matrix) => {
    storeLinear(weights, `hydra.${name}`, { matrix, format, bits: 4 });
    return linear(graph, input, `hydra.${name}`);
  };

  const token = graph.input("token", "float32", [1, 1, dim]);
  const pick = (rows: string, size: number, row: string) =>
    graph.node("Gather", [
      graph.input(rows, "float32", [1, `${rows}_rows`, size]),
      graph.input(row, "int64", [1]),
    ], { ints: { axis: 1 } });
  const state = pick("states", dim, "row");
  const size = hydra.layers.length * dim;
  const inputs = size > 0 ? [pick("inputs", size, "inputs_row")] : [];
  const all = graph.node("Concat", [state, ...inputs, token], {
    ints: { axis: -1 },
  });
  const bias = graph.weight("hydra.bias", [hydra.bias.length], hydra.bias);
  const inner = graph.node("QuickGelu", [
    graph.node("Add", [project(all, "w1", hydra.w1), bias]),
  ], { domain: "com.microsoft", floats: { alpha: 1 } });
  const next = graph.node("Add", [state, project(inner, "w2", hydra.w2)]);
  const head = await read(headName(config));
  const words = multiply(rowsOf(head, hydra.vocab), hydra.out);
  const logits = project(next, "head", words);
  graph.node("Identity", [next], { outputs: ["next"] });
  graph.node("Identity", [logits], { outputs: ["logits"] });
  graph.output("next", [1, 1, dim]);
  graph.output("logits", [1, 1, hydra.vocab.length]);
  return graph;
}

/** Returns the product `outer · inner`. */
function multiply(outer: Matrix, inner: Matrix): Matrix {
  const { rows, columns: shared, data: left } = outer;
  // An adapter's matrix is read when it is asked for, which a loop must not do.
  const { columns, data: right } = inner;
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const sum = data.subarray(row * columns, (row + 1) * columns);
    for (let i = 0; i < shared; i++) {
      const factor = left[row * shared + i];
      const from = i * columns;
      for (let column = 0; column < columns; column++) {
        sum[column] += factor * right[from + column];
      }
    }
  }
  return { rows, columns, data };
}

/** Returns the given rows of a matrix. */
function rowsOf({ columns, data }: Matrix, rows: Int32Array): Matrix {
  const out = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) {
    out.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  }
  return { rows: rows.length, columns, data: out };
}
