/**
 * WebGPU through onnxruntime-web. Keys, values and hidden states stay on the
 * device; only the logits that somebody reads come back.
 *
 * @module
 */

import "./no_location.ts";
import { InferenceSession, Tensor } from "onnxruntime-web/jspi";
import type { Backend, KvBuffer, KvShape, NamedTensors } from "../backend.ts";
import { gpuAdapter } from "./gpu_adapter.ts";
import { kvDims, kvNames, readSlots } from "../kv_layout.ts";
import { Readback } from "./readback.ts";
import { readGraph, webSession } from "./web_session.ts";

/**
 * Adapters in use. The device refers to its adapter by number only, and Deno frees
 * an adapter that nobody holds.
 */
const keptAlive = new Set<GPUAdapter>();

/**
 * Runs on a GPU, or on a software driver that claims to be one.
 *
 * @throws {Deno.errors.NotSupported} if there is neither.
 */
export async function webgpuBackend(): Promise<Backend> {
  const adapter = await gpuAdapter();
  if (!adapter) {
    throw new Deno.errors.NotSupported(
      "Cannot open webgpu: a GPU adapter is required: received none",
    );
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  const readback = new Readback(device);
  keptAlive.add(adapter);
  return {
    name: "webgpu",
    rows: { min: 4, max: 31 },
    inPlace: false,
    createSession: async (path) => {
      const graph = await readGraph(path);
      const session = await InferenceSession.create(graph.model, {
        executionProviders: [{ name: "webgpu", device }],
        externalData: graph.externalData,
        preferredOutputLocation: "gpu-buffer",
      });
      return webSession(session);
    },
    createKvBuffer: (shape) => createKvBuffer(device, shape),
    download: async (output) => {
      const buffer = output.gpuBuffer as GPUBuffer;
      const bytes = await readback.read(buffer, output.size * 4);
      output.dispose();
      return new Float32Array(bytes);
    },
  };
}

function createKvBuffer(device: GPUDevice, shape: KvShape): KvBuffer {
  const past: NamedTensors = {}, present: NamedTensors = {};
  const dims = kvDims(shape);
  const size = 4 * dims.reduce((product, dim) => product * dim);
  const buffers = kvNames(shape.layers).map((names) => {
    const buffer = device.createBuffer({
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC |
        GPUBufferUsage.COPY_DST,
    });
    const tensor = Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
    past[names.past] = tensor;
    present[names.present] = tensor;
    return buffer;
  });
  return {
    bind: () => ({ past, present }),
    keep() {},
    async read(count, { from = 0 } = {}) {
      const readback = new Readback(device);
      const arrays = [];
      for (const buffer of buffers) {
        arrays.push(new Float32Array(await readback.read(buffer, size)));
      }
      return readSlots(arrays, shape, { from, count });
    },
    write(count, data, { from = 0 } = {}) {
      const run = count * shape.headDim;
      let at = 0;
      for (const buffer of buffers) {
        for (let head = 0; head < shape.kvHeads; head++, at += run) {
          const offset = 4 * (head * shape.slots + from) * shape.headDim;
          device.queue.writeBuffer(buffer, offset, data, at, run);
        }
      }
    },
    close() {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}
