/**
 * Native CPU kernels, with everything in place in typed arrays.
 *
 * @module
 */

import type { Backend } from "../backend.ts";
import { growingKvBuffer } from "../growing_kv_buffer.ts";
import { openNativeSession } from "./native_session.ts";
import { openOnnxCApi } from "./onnx_c_api.ts";

/** Runs on `threads` threads of this machine's CPU. */
export function cpuBackend(threads: number): Backend {
  const api = openOnnxCApi();
  return {
    name: "cpu",
    rows: { min: 2, max: 128 },
    inPlace: true,
    createSession: (path, options) =>
      Promise.resolve(openNativeSession(api, path, { threads, ...options })),
    createKvBuffer: (shape) => growingKvBuffer(shape, { inPlace: true }),
    download: (output) => Promise.resolve(output.data as Float32Array),
  };
}
