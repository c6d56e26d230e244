/**
 * WebAssembly kernels through onnxruntime-web, where nothing native may load.
 *
 * @module
 */

import "./no_location.ts";
import { env, InferenceSession } from "onnxruntime-web/wasm";
import type { Backend } from "../backend.ts";
import { growingKvBuffer } from "../kv/growing_kv_buffer.ts";
import { oneAfterAnother, readGraph, webSession } from "./web_session.ts";

/** The multi-threaded module, in two files. */
const MODULE = import.meta.resolve(
  "onnxruntime-web/ort-wasm-simd-threaded.mjs",
);
const BINARY = import.meta.resolve(
  "onnxruntime-web/ort-wasm-simd-threaded.wasm",
);

/** Runs on `threads` threads of a WebAssembly module. */
export function wasmBackend(threads: number): Backend {
  return {
    name: "wasm",
    rows: { min: 2, max: 31 },
    batches: false,
    inPlace: false,
    createSession: oneAfterAnother(async (path) => {
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
  };
}

/**
 * Runs `load` while blobs of the module are known by the module's own URL.
 *
 * ONNX Runtime imports its multi-threaded module from a blob, from which the
 * module can't find its threads' script under Deno.
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
