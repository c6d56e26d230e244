/**
 * Sessions of onnxruntime-web, which opens no files itself.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type { InferenceSession } from "onnxruntime-common";
import type { NamedTensors, Session } from "../backend.ts";

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

/** Wraps a session of onnxruntime-web. */
export function webSession(session: InferenceSession): Session {
  return {
    run: (feeds, fetches) =>
      session.run(feeds, fetches) as Promise<NamedTensors>,
  };
}
