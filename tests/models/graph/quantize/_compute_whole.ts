/**
 * Computes products of whole numbers as the native backend does.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Tensor } from "onnxruntime-common";
import { clipsSums } from "../../../../lib/runtime/cpu/clips_sums.ts";
import { openNativeSession } from "../../../../lib/runtime/cpu/native_session.ts";
import { NativeTensors } from "../../../../lib/runtime/cpu/native_tensors.ts";
import { openOnnxCApi } from "../../../../lib/runtime/cpu/onnx_c_api.ts";
import { openSharedWeights } from "../../../../lib/runtime/cpu/shared_weights.ts";
import { GraphBuilder } from "../../../../models/graph/graph_builder.ts";
import { buildClipping } from "../../../../models/graph/quantize/whole_numbers.ts";
import { WeightsFile } from "../../../../models/graph/weights_file.ts";

const api = openOnnxCApi();
const tensors = new NativeTensors(api);

/** Where to compute, and the shapes of all outputs. */
interface Options {
  folder: string;
  unsigned: boolean;
  shapes: Record<string, number[]>;
}

/**
 * Builds a graph and runs it on `feeds`, with unsigned weights and, where this processor
 * does not clip sums, with signed ones, which must have the same bits.
 */
export async function computeWhole(
  build: (graph: GraphBuilder) => void,
  feeds: Record<string, Tensor>,
  shapes: Record<string, number[]>,
): Promise<Record<string, Float32Array>> {
  const folder = await Deno.makeTempDir();
  try {
    {
      using weights = new WeightsFile(`${folder}/weights.bin`);
      const graph = new GraphBuilder(weights);
      build(graph);
      const clipping = await buildClipping(weights).encode();
      await Deno.writeFile(`${folder}/clipping.onnx`, clipping);
      for (const unsigned of [false, true]) {
        const name = unsigned ? "unsigned-graph" : "graph";
        const bytes = await graph.encode({ unsigned });
        await Deno.writeFile(`${folder}/${name}.onnx`, bytes);
      }
      await Deno.writeTextFile(`${folder}/weights.json`, weights.directory());
    }
    const outputs = await run(feeds, { folder, unsigned: true, shapes });
    if (!await clipsSums(folder, { api, tensors })) {
      const signed = await run(feeds, { folder, unsigned: false, shapes });
      assertEquals(signed, outputs);
    }
    return outputs;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(
  feeds: Record<string, Tensor>,
  { folder, unsigned, shapes }: Options,
): Promise<Record<string, Float32Array>> {
  const weights = openSharedWeights(api, tensors, folder, { unsigned });
  const path = weights.graph(`${folder}/graph.onnx`);
  const options = { api, tensors, threads: 1, weights };
  const session = await weights.lend(() => openNativeSession(path, options));
  const made = Object.entries(shapes).map(([name, dims]) => {
    const length = dims.reduce((product, size) => product * size);
    return [name, new Tensor("float32", new Float32Array(length), dims)];
  });
  const outputs = await session.run(feeds, Object.fromEntries(made));
  session.close();
  weights.close();
  return Object.fromEntries(
    Object.keys(shapes).map((name) => [
      name,
      outputs[name].data as Float32Array,
    ]),
  );
}
