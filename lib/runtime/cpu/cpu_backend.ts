/**
 * Native CPU kernels, with everything in place in typed arrays.
 *
 * @module
 */

import { dirname } from "node:path";
import type { Backend } from "../backend.ts";
import { isSmallContainer } from "../host/memory.ts";
import { growingKvBuffer } from "../kv/growing_kv_buffer.ts";
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
  const opened = new Map<string, SharedWeights>();
  const sessions = new Set<NativeSession>();
  let returnsBlocks = false;

  function weightsIn(folder: string): SharedWeights {
    const weights = opened.get(folder) ??
      openSharedWeights(api, tensors, folder);
    opened.set(folder, weights);
    return weights;
  }

  return {
    name: "cpu",
    rows: { min: 2, max: 128 },
    sharesPasses: true,
    inPlace: true,
    async createSession(path, options) {
      const weights = weightsIn(dirname(path));
      const session = await openNativeSession(path, {
        api,
        tensors,
        threads,
        weights,
        ...options,
      });
      sessions.add(session);
      weights.drop();
      return session;
    },
    createKvBuffer(shape, room) {
      // Not before: packed weights are to lie in the heap's huge pages.
      if (thrifty && !returnsBlocks) returnLargeBlocks();
      returnsBlocks = true;
      return growingKvBuffer(shape, { ...room, inPlace: true });
    },
    download: (output) => Promise.resolve(output.data as Float32Array),
    close() {
      // Sessions use the weights, and everything uses the library.
      for (const session of sessions) session.close();
      for (const weights of opened.values()) weights.close();
      tensors.close();
      api.close();
      return Promise.resolve();
    },
  };
}
