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
}

/**
 * Builds a graph and runs it on `feeds`, with weights that are stored as unsigned bytes,
 * that have become unsigned, and that are signed, unless this processor clips sums. All
 * must have the same bits.
 */
export async function computeWhole(
  build: (graph: GraphBuilder) => void,
  feeds: Record<string, Tensor>,
  shapes: Record<string, number[]>,
): Promise<Record<string, Float32Array>> {
  const folder = await Deno.makeTempDir();
  try {
    const options = { feeds, shapes };
    await write(folder, build, { unsigned: true });
    const outputs = await run(folder, { ...options, clips: true });
    await write(folder, build, { unsigned: false });
    const changed = await run(folder, { ...options, clips: true });
    assertEquals(changed, outputs);
    if (!await clipsSums(folder)) {
      const signed = await run(folder, { ...options, clips: false });
      assertEquals(signed, outputs);
    }
    return outputs;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(
  folder: string,
  build: (graph: GraphBuilder) => void,
  { unsigned }: { unsigned: boolean },
): Promise<void> {
  using weights = new WeightsFile(`${folder}/weights.bin`);
  if (unsigned) weights.storeUnsigned();
  const graph = new GraphBuilder(weights);
  build(graph);
  const save = (name: string, bytes: Uint8Array) =>
    Deno.writeFile(`${folder}/${name}.onnx`, bytes);
  await save("clipping", await buildClipping(weights).encode());
  await save("graph", await graph.encode());
  await save("unsigned-graph", await graph.encode({ unsigned: true }));
  await Deno.writeTextFile(`${folder}/weights.json`, weights.directory());
}

async function run(
  folder: string,
  { feeds, shapes, clips }: Options & { clips: boolean },
): Promise<Record<string, Float32Array>> {
  const weights = await openSharedWeights(folder, {
    api,
    tensors,
    clipsSums: () => Promise.resolve(clips),
  });
  const path = weights.graphPath(`${folder}/graph.onnx`);
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
