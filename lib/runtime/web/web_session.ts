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

/** Wraps a session of onnxruntime-web. */
export function webSession(session: InferenceSession): Session {
  return {
    async run(feeds, fetches, kv: readonly KvBuffer[] = []) {
      const all = { feeds: { ...feeds }, fetches: { ...fetches } };
      const lanes = kv.map((buffer, lane) => ({
        buffer,
        names: kvNames(buffer.tensors.length / 2),
        suffix: kv.length > 1 ? `.${lane}` : "",
      }));
      for (const { buffer, names, suffix } of lanes) {
        await buffer.ready?.();
        for (const [i, { past, present }] of names.entries()) {
          const tensor = buffer.tensors[i];
          all.feeds[past + suffix] = tensor;
          all.fetches[present + suffix] = buffer.keep ? null : tensor;
        }
      }
      const outputs = await session.run(all.feeds, all.fetches) as NamedTensors;
      for (const { buffer, names, suffix } of lanes) {
        buffer.keep?.(names.map(({ present }) => outputs[present + suffix]));
      }
      return outputs;
    },
  };
}

/** Returns a function that runs one work at a time, in the order of the calls. */
export function takeTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {}); // the caller gets the failure
    return result;
  };
}
