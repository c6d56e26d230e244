/**
 * Computes products of whole numbers as the native backend does.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Tensor } from "onnxruntime-common";
import type { NamedTensors } from "../../../../lib/runtime/backend.ts";
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

/** What to compute with. */
interface Options {
  feeds: Record<string, Tensor>;
  /** The shapes of all outputs. */
  shapes: Record<string, number[]>;
  /** Whether the weights file is for processors that clip sums. */
  shifted: boolean;
}

/**
 * Builds a graph and runs it on `feeds`, with weights that are stored for this kind of
 * processor and for the other, and used as on this kind and on one that clips sums. All
 * must have the same bits.
 */
export async function computeWhole(
  build: (graph: GraphBuilder) => void,
  feeds: Record<string, Tensor>,
  shapes: Record<string, number[]>,
): Promise<Record<string, Float32Array>> {
  const all = [
    ...await compute(build, { feeds, shapes, shifted: false }),
    ...await compute(build, { feeds, shapes, shifted: true }),
  ];
  for (const outputs of all) assertEquals(outputs, all[0]);
  return all[0];
}

async function compute(
  build: (graph: GraphBuilder) => void,
  { feeds, shapes, shifted }: Options,
): Promise<Record<string, Float32Array>[]> {
  const folder = await Deno.makeTempDir();
  try {
    {
      using weights = new WeightsFile(`${folder}/weights.bin`);
      if (shifted) weights.shift();
      const graph = new GraphBuilder(weights);
      build(graph);
      const write = (name: string, bytes: Uint8Array) =>
        Deno.writeFile(`${folder}/${name}.onnx`, bytes);
      await write("clipping", await buildClipping(weights).encode());
      await write("graph", await graph.encode());
      await write("shifted-graph", await graph.encode({ shifted: true }));
      await Deno.writeTextFile(`${folder}/weights.json`, weights.directory());
    }
    const outputs = [await run(folder, { feeds, shapes, unsigned: true })];
    if (!await clipsSums(folder)) {
      outputs.push(await run(folder, { feeds, shapes, unsigned: false }));
    }
    return outputs;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(
  folder: string,
  { feeds, shapes, unsigned }: Omit<Options, "shifted"> & {
    unsigned: boolean;
  },
): Promise<Record<string, Float32Array>> {
  const weights = openSharedWeights(api, tensors, folder, { unsigned });
  const path = weights.graph(`${folder}/graph.onnx`);
  const options = { api, tensors, threads: 1, weights };
  const session = await weights.lend(() => openNativeSession(path, options));
  const fetches: NamedTensors = {};
  for (const [name, dims] of Object.entries(shapes)) {
    const length = dims.reduce((product, size) => product * size);
    fetches[name] = new Tensor("float32", new Float32Array(length), dims);
  }
  await session.run(feeds, fetches);
  session.close();
  weights.close();
  return Object.fromEntries(
    Object.entries(fetches).map(([name, { data }]) => [
      name,
      data as Float32Array,
    ]),
  );
}
