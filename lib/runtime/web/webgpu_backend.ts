/**
 * WebGPU kernels of onnxruntime-web. Keys, values and hidden states stay on the device;
 * only requested outputs are copied to main memory.
 *
 * @module
 */

import "./no_location.ts";
import { InferenceSession, Tensor } from "onnxruntime-web/jspi";
import type { Backend, KvBuffer, KvRoom } from "../backend.ts";
import { kvDims, type KvShape, readSlots } from "../kv/kv_layout.ts";
import { gpuAdapter } from "./gpu_adapter.ts";
import { Readback } from "./readback.ts";
import { oneAfterAnother, readGraph, webSession } from "./web_session.ts";

/**
 * Adapters in use. Deno frees an adapter without references, although its device still
 * needs it.
 */
const keptAlive = new Set<GPUAdapter>();

/**
 * Returns a backend on the GPU, or on a software driver.
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
    lost: failureOf(device),
    rows: { min: 4, max: 31 },
    batches: false,
    inPlace: false,
    createSession: oneAfterAnother(async (path) => {
      const graph = await readGraph(path);
      const session = await InferenceSession.create(graph.model, {
        executionProviders: [{ name: "webgpu", device }],
        externalData: graph.externalData,
        preferredOutputLocation: "gpu-buffer",
      });
      return webSession(session);
    }),
    createKvBuffer: (shape, room) => createKvBuffer(device, shape, room),
    download: async (output) => {
      const buffer = output.gpuBuffer as GPUBuffer;
      const bytes = await readback.read(buffer, output.size * 4);
      output.dispose();
      return new Float32Array(bytes);
    },
    close() {
      device.destroy();
      return Promise.resolve();
    },
  };
}

/** Returns the reason when a device is lost or reports an error. */
function failureOf(device: GPUDevice): Promise<string> {
  return new Promise((resolve) => {
    device.lost.then(({ message }) =>
      resolve(`The GPU device was lost: ${message}`)
    );
    device.addEventListener("uncapturederror", (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      resolve(`The GPU device failed: ${error.message}`);
    });
  });
}

/** Creates a KV buffer of its full size, since a buffer on the device cannot grow. */
function createKvBuffer(
  device: GPUDevice,
  shape: KvShape,
  { most: slots }: KvRoom,
): KvBuffer {
  const { layers, kvHeads, headDim } = shape;
  const dims = kvDims(shape, slots);
  const size = 4 * dims.reduce((product, dim) => product * dim);
  const buffers = Array.from({ length: 2 * layers }, () =>
    device.createBuffer({
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC |
        GPUBufferUsage.COPY_DST,
    }));
  return {
    tensors: buffers.map((buffer) =>
      Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims })
    ),
    reserve() {},
    async read(count, { from = 0 } = {}) {
      const readback = new Readback(device);
      const arrays = [];
      for (const buffer of buffers) {
        arrays.push(new Float32Array(await readback.read(buffer, size)));
      }
      return readSlots({ arrays, kvHeads, headDim }, { from, count });
    },
    write(count, data, { from = 0 } = {}) {
      const run = count * headDim;
      let at = 0;
      for (const buffer of buffers) {
        for (let head = 0; head < kvHeads; head++, at += run) {
          const offset = 4 * (head * slots + from) * headDim;
          device.queue.writeBuffer(buffer, offset, data, at, run);
        }
      }
    },
    close() {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}
