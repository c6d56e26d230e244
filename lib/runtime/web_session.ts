/**
 * Reads a graph and its weights for onnxruntime-web, which opens no files itself.
 *
 * @module
 */

import { dirname, join } from "node:path";

/** A graph in memory, as `InferenceSession.create` takes it. */
export interface GraphBytes {
  model: Uint8Array;
  externalData: { path: string; data: Uint8Array }[];
}

/** Reads the graph file at `path` and the weights file beside it. */
export async function readGraph(path: string): Promise<GraphBytes> {
  const weights = "weights.bin";
  return {
    model: await Deno.readFile(path),
    externalData: [{
      path: weights,
      data: await Deno.readFile(join(dirname(path), weights)),
    }],
  };
}
