/**
 * Builds a graph in a temporary folder and runs it with ONNX Runtime.
 *
 * @module
 */

import { InferenceSession, type Tensor } from "onnxruntime-node";
import { GraphBuilder } from "../../../models/graph/graph_builder.ts";
import { WeightsFile } from "../../../models/graph/weights_file.ts";

/** Builds a graph, runs it on `feeds` and returns its outputs. */
export async function compute(
  build: (graph: GraphBuilder) => void,
  feeds: Record<string, Tensor>,
): Promise<Record<string, Tensor>> {
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
    const session = await InferenceSession.create(`${folder}/graph.onnx`, {
      executionProviders: ["cpu"],
    });
    const outputs = await session.run(feeds);
    await session.release();
    return outputs as Record<string, Tensor>;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
