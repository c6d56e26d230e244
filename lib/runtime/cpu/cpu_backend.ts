/**
 * Native CPU kernels, with everything in place in typed arrays.
 *
 * @module
 */

import { dirname } from "node:path";
import type { Backend } from "../backend.ts";
import { isSmallContainer } from "../host/memory.ts";
import { growingKvBuffer } from "../kv/growing_kv_buffer.ts";
import { clipsSums } from "./clips_sums.ts";
import { returnLargeBlocks } from "./malloc.ts";
import { type NativeSession, openNativeSession } from "./native_session.ts";
import { NativeTensors } from "./native_tensors.ts";
import { openOnnxCApi } from "./onnx_c_api.ts";
import { openSharedWeights, type SharedWeights } from "./shared_weights.ts";

/**
 * Runs on `threads` threads of this machine's CPU.
 *
 * @param options.thrifty whether the memory of long texts is returned when they end, so
 * that the next one has to take it anew. @default in small containers
 */
export function cpuBackend(
  threads: number,
  { thrifty = isSmallContainer() }: { thrifty?: boolean } = {},
): Backend {
  const api = openOnnxCApi();
  const tensors = new NativeTensors(api);
  const opened = new Map<string, Promise<SharedWeights>>();
  const sessions = new Set<NativeSession>();
  let returnsBlocks = false;

  function weightsIn(folder: string): Promise<SharedWeights> {
    const known = opened.get(folder);
    if (known) return known;
    const weights = openSharedWeights(folder, { api, tensors, clipsSums });
    opened.set(folder, weights);
    weights.catch(() => opened.delete(folder));
    return weights;
  }

  return {
    name: "cpu",
    rows: { min: 2, max: 128 },
    sharesPasses: true,
    inPlace: true,
    async createSession(path, options) {
      const weights = await weightsIn(dirname(path));
      const session = await weights.lend(() =>
        openNativeSession(weights.graphPath(path), {
          api,
          tensors,
          threads,
          weights,
          ...options,
        })
      );
      sessions.add(session);
      return session;
    },
    createKvBuffer(shape, room) {
      // Not before: packed weights are to lie in the heap's huge pages.
      if (thrifty && !returnsBlocks) returnLargeBlocks();
      returnsBlocks = true;
      return growingKvBuffer(shape, { ...room, inPlace: true });
    },
    download: (output) => Promise.resolve(output.data as Float32Array),
    async close() {
      // Sessions use the weights, and everything uses the library.
      for (const session of sessions) session.close();
      for (const weights of await Promise.allSettled(opened.values())) {
        if (weights.status === "fulfilled") weights.value.close();
      }
      tensors.close();
      api.close();
    },
  };
}
