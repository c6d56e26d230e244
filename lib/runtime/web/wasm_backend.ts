/**
 * WebAssembly kernels of onnxruntime-web, for machines that cannot load native code.
 *
 * @module
 */

import "./no_location.ts";
import { env, InferenceSession } from "onnxruntime-web/wasm";
import type { Backend } from "../backend.ts";
import { growingKvBuffer } from "../kv/growing_kv_buffer.ts";
import { readGraph, takeTurns, webSession } from "./web_session.ts";

/** The two files of the multi-threaded module. */
const MODULE = import.meta.resolve(
  "onnxruntime-web/ort-wasm-simd-threaded.mjs",
);
const BINARY = import.meta.resolve(
  "onnxruntime-web/ort-wasm-simd-threaded.wasm",
);

/** Returns a backend with `threads` threads of WebAssembly. */
export function wasmBackend(threads: number): Backend {
  const turn = takeTurns();
  return {
    name: "wasm",
    rows: { min: 2, max: 31 },
    sharesPasses: false,
    inPlace: false,
    createSession: (path) =>
      turn(async () => {
        const graph = await readGraph(path);
        env.wasm.numThreads = threads;
        env.wasm.wasmPaths = { mjs: MODULE, wasm: BINARY };
        const session = await withModuleUrls(() =>
          InferenceSession.create(graph.model, {
            executionProviders: ["wasm"],
            externalData: graph.externalData,
          })
        );
        return webSession(session);
      }),
    createKvBuffer: (shape, room) =>
      growingKvBuffer(shape, { ...room, inPlace: false }),
    download: (output) => Promise.resolve(output.data as Float32Array),
    // Its memory is that of WebAssembly, which ends with the thread.
    close: () => Promise.resolve(),
  };
}

/**
 * Runs `load` with `URL.createObjectURL` replaced to return the module's own URL.
 *
 * ONNX Runtime imports its multi-threaded module from a blob. Under Deno, the module
 * cannot find its threads' script from there.
 */
async function withModuleUrls<T>(load: () => Promise<T>): Promise<T> {
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = () => MODULE;
  URL.revokeObjectURL = () => {};
  try {
    return await load();
  } finally {
    Object.assign(URL, { createObjectURL, revokeObjectURL });
  }
}
