/**
 * Native CPU kernels through onnxruntime-node.
 *
 * Typed arrays are bound without a copy, so one array as past and as present is
 * updated in place.
 *
 * @module
 */

import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Backend } from "./backend.ts";
import { growingKvBuffer } from "./growing_kv_buffer.ts";

/** Runs on `threads` threads of this machine's CPU. */
export function cpuBackend(threads: number): Backend {
  return {
    name: "cpu",
    threads,
    rows: { min: 2, max: 128 },
    Tensor,
    createSession: (path) =>
      InferenceSession.create(path, {
        executionProviders: ["cpu"],
        intraOpNumThreads: threads,
      }),
    createKvBuffer: (shape) =>
      growingKvBuffer(shape, { TensorClass: Tensor, inPlace: true }),
    download: (output) => Promise.resolve(output.data as Float32Array),
  };
}
