/**
 * WebAssembly kernels through onnxruntime-web, where nothing native may load.
 *
 * Every input is copied into the module's memory and every output out of it, so
 * the KV buffer grows with the text instead of holding the whole context at once.
 *
 * @module
 */

import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { Backend, KvBuffer, KvShape, NamedTensors } from "./backend.ts";
import { kvDims, kvNames, readSlots, writeSlots } from "./kv_layout.ts";
import { readGraph } from "./web_session.ts";

/** Slots by which the KV buffer grows. */
const GROWTH = 128;

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
    weights: "fp32",
    threads,
    rows: { min: 2, max: 31 },
    Tensor,
    createSession: async (path) => {
      const graph = await readGraph(path);
      env.wasm.numThreads = threads;
      env.wasm.wasmPaths = { mjs: MODULE, wasm: BINARY };
      return await withModuleUrls(() =>
        InferenceSession.create(graph.model, {
          executionProviders: ["wasm"],
          externalData: graph.externalData,
        })
      );
    },
    createKvBuffer,
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

function createKvBuffer(limits: KvShape): KvBuffer {
  const names = kvNames(limits.layers);
  const present = Object.fromEntries(
    names.map((name) => [name.present, null]),
  );
  let shape: KvShape = { ...limits, slots: 0 };
  let arrays = names.map(() => new Float32Array(0));

  function reserve(slots: number): void {
    if (slots <= shape.slots) return;
    const grown = { ...shape, slots: Math.ceil(slots / GROWTH) * GROWTH };
    const size = kvDims(grown).reduce((product, dim) => product * dim);
    const data = readSlots(arrays, shape, shape.slots);
    arrays = names.map(() => new Float32Array(size));
    writeSlots(arrays, grown, { count: shape.slots, data });
    shape = grown;
  }

  return {
    bind(slots) {
      reserve(slots);
      const dims = kvDims(shape);
      const past: NamedTensors = {};
      for (const [i, name] of names.entries()) {
        past[name.past] = new Tensor("float32", arrays[i], dims);
      }
      return { past, present };
    },
    keep(outputs) {
      arrays = names.map((name) =>
        outputs[name.present].data as Float32Array<ArrayBuffer>
      );
    },
    read: (count) => Promise.resolve(readSlots(arrays, shape, count)),
    write(count, data) {
      reserve(count);
      writeSlots(arrays, shape, { count, data });
    },
  };
}
