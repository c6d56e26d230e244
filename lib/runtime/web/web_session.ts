/**
 * Opens sessions of onnxruntime-web, which cannot read files itself.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type { InferenceSession } from "onnxruntime-common";
import type { KvBuffer, NamedTensors, Session } from "../backend.ts";
import { kvNames } from "../kv/kv_layout.ts";

/** A graph and its weights in memory, for `InferenceSession.create`. */
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

/** Wraps a session of onnxruntime-web for a graph of one sequence. */
export function webSession(session: InferenceSession): Session {
  return {
    async run(feeds, fetches, kv: readonly KvBuffer[] = []) {
      const all = { feeds: { ...feeds }, fetches: { ...fetches } };
      const [buffer] = kv;
      await buffer?.ready?.();
      const names = buffer ? kvNames(buffer.tensors.length / 2) : [];
      for (const [i, { past, present }] of names.entries()) {
        all.feeds[past] = buffer.tensors[i];
        all.fetches[present] = buffer.keep ? null : buffer.tensors[i];
      }
      const outputs = await session.run(all.feeds, all.fetches) as NamedTensors;
      buffer?.keep?.(names.map(({ present }) => outputs[present]));
      return outputs;
    },
  };
}

/**
 * Returns a function that opens one session at a time, since WebGPU rejects a second
 * session while one is being opened.
 */
export function oneAfterAnother(
  open: (path: string) => Promise<Session>,
): (path: string) => Promise<Session> {
  let last: Promise<unknown> = Promise.resolve();
  return (path) => {
    const opened = last.then(() => open(path));
    last = opened.catch(() => {});
    return opened;
  };
}
