/**
 * The 8-bit graphs, computed with exact activations.
 *
 * The native CPU kernels round each row to 8 bits before they multiply; a GPU does
 * not. Told to leave rows as they are, they become an authority with equal weights.
 *
 * @module
 */

import protobuf from "protobufjs";
import type { Artefact } from "../../models/artefact.ts";

/** `accuracy_level` of MatMulNBits at which activations stay in 32 bits. */
const FLOAT_ACTIVATIONS = 1;

const SCHEMA = new URL("../../models/graph/onnx.proto", import.meta.url);

interface OnnxModel extends protobuf.Message {
  graph: { node: { attribute: { name: string; i: number }[] }[] };
}

/** Puts such graphs into `folder`, on the same disk as the artefact. */
export async function withFloatActivations(
  artefact: Artefact,
  folder: string,
): Promise<Artefact> {
  const schema = protobuf.parse(await Deno.readTextFile(SCHEMA));
  const type = schema.root.lookupType("onnx.ModelProto");
  for await (const { name } of Deno.readDir(artefact.folder)) {
    if (!name.endsWith(".onnx")) {
      await Deno.link(`${artefact.folder}/${name}`, `${folder}/${name}`);
      continue;
    }
    const bytes = await Deno.readFile(`${artefact.folder}/${name}`);
    const model = type.decode(bytes) as OnnxModel;
    for (const { attribute } of model.graph.node) {
      for (const entry of attribute) {
        if (entry.name === "accuracy_level") entry.i = FLOAT_ACTIVATIONS;
      }
    }
    await Deno.writeFile(`${folder}/${name}`, type.encode(model).finish());
  }
  return { ...artefact, folder };
}
