/**
 * Native CPU kernels through onnxruntime-node.
 *
 * Typed arrays are bound without a copy, so one array as past and as present is
 * updated in place.
 *
 * @module
 */

import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Backend, KvBuffer, KvShape, NamedTensors } from "./backend.ts";
import { kvDims, kvNames, readSlots, writeSlots } from "./kv_layout.ts";

/** Runs on `threads` threads of this machine's CPU. */
export function cpuBackend(threads: number): Backend {
  return {
    name: "cpu",
    weights: "int8",
    threads,
    rows: { min: 2, max: 128 },
    Tensor,
    createSession: (path) =>
      InferenceSession.create(path, {
        executionProviders: ["cpu"],
        intraOpNumThreads: threads,
      }),
    createKvBuffer,
    download: (output) => Promise.resolve(output.data as Float32Array),
  };
}

function createKvBuffer(shape: KvShape): KvBuffer {
  const past: NamedTensors = {}, present: NamedTensors = {};
  const dims = kvDims(shape);
  const size = dims.reduce((product, dim) => product * dim);
  const arrays = kvNames(shape.layers).map((names) => {
    const array = new Float32Array(size);
    past[names.past] = new Tensor("float32", array, dims);
    present[names.present] = past[names.past];
    return array;
  });
  return {
    bind: () => ({ past, present }),
    keep() {},
    read: (count) => Promise.resolve(readSlots(arrays, shape, count)),
    write: (count, data) => writeSlots(arrays, shape, { count, data }),
  };
}
