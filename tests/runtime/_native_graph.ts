/**
 * Small graphs for native sessions.
 *
 * @module
 */

import type { Session } from "../../lib/runtime/backend.ts";
import { openNativeSession } from "../../lib/runtime/cpu/native_session.ts";
import { NativeTensors } from "../../lib/runtime/cpu/native_tensors.ts";
import {
  type OnnxCApi,
  openOnnxCApi,
} from "../../lib/runtime/cpu/onnx_c_api.ts";
import type { SharedWeights } from "../../lib/runtime/cpu/shared_weights.ts";
import { GraphBuilder } from "../../models/graph/graph_builder.ts";
import { WeightsFile } from "../../models/graph/weights_file.ts";

const API = openOnnxCApi();

/** How to open a graph. */
interface Options {
  api?: OnnxCApi;
  brief?: boolean;
  weights?: SharedWeights;
}

/** Opens the graph file at `path` on one thread. */
export function openFile(
  path: string,
  { api = API, ...options }: Options = {},
): Promise<Session> {
  const tensors = new NativeTensors(api);
  return openNativeSession(path, { api, tensors, threads: 1, ...options });
}

/** The library, and how many tensors it has made and not yet released. */
export function countTensors(): { api: OnnxCApi; alive(): number } {
  let count = 0;
  const spy = <F extends { call: unknown }>(fn: F, call: F["call"]): F =>
    Object.assign(Object.create(fn), { call });
  const { createTensorWithData: create, releaseValue: release } = API;
  return {
    api: {
      ...API,
      createTensorWithData: spy(create, (...args) => {
        count++;
        return create.call(...args);
      }),
      releaseValue: spy(release, (value) => {
        count--;
        return release.call(value);
      }),
    },
    alive: () => count,
  };
}

/** Builds a graph and opens it. */
export async function openGraph(
  build: (graph: GraphBuilder) => void,
  options?: Options,
): Promise<Session> {
  const folder = await Deno.makeTempDir();
  try {
    let model: Uint8Array;
    {
      using weights = new WeightsFile(`${folder}/weights.bin`);
      const graph = new GraphBuilder(weights);
      build(graph);
      model = await graph.encode();
    }
    await Deno.writeFile(`${folder}/graph.onnx`, model);
    return await openFile(`${folder}/graph.onnx`, options);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Declares `y = 10 * x + 1`, on columns of numbers. */
export function line(graph: GraphBuilder): void {
  const x = graph.input("x", "float32", ["rows", 1]);
  const ten = graph.weight("ten", [1], Float32Array.of(10));
  const one = graph.weight("one", [1], Float32Array.of(1));
  graph.node("Add", [graph.node("Mul", [x, ten]), one], { outputs: ["y"] });
  graph.output("y", ["rows", 1]);
}

/** Declares attention of one head, eight numbers wide, with a KV buffer. */
export function attention(graph: GraphBuilder): void {
  const kv = (slots: string) => [1, 1, slots, 8];
  graph.node("GroupQueryAttention", [
    graph.input("query", "float32", [1, "rows", 8]),
    graph.input("key", "float32", [1, "rows", 8]),
    graph.input("value", "float32", [1, "rows", 8]),
    graph.input("past_key.0", "float32", kv("slots")),
    graph.input("past_value.0", "float32", kv("slots")),
    graph.input("seqlens_k", "int32", [1]),
    graph.input("total", "int32", []),
  ], {
    domain: "com.microsoft",
    outputs: ["attended", "present_key.0", "present_value.0"],
    ints: { num_heads: 1, kv_num_heads: 1 },
  });
  graph.output("attended", [1, "rows", 8]);
  graph.output("present_key.0", kv("slots_after"));
  graph.output("present_value.0", kv("slots_after"));
}

/** Declares many products of matrices, `[width, width]`: work that takes a while. */
export function hardWork(graph: GraphBuilder): void {
  let x = graph.input("x", "float32", ["width", "width"]);
  const y = x;
  for (let i = 0; i < 40; i++) x = graph.node("MatMul", [x, y]);
  graph.node("Neg", [x], { outputs: ["y"] });
  graph.output("y", ["width", "width"]);
}
