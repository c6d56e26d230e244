/**
 * WebGPU kernels of onnxruntime-web. Keys, values and hidden states stay on the device;
 * only requested outputs are copied to main memory.
 *
 * @module
 */

import "./no_location.ts";
import { InferenceSession } from "onnxruntime-web/jspi";
import type { Backend } from "../backend.ts";
import { gpuAdapter } from "./gpu_adapter.ts";
import { gpuKvBuffer } from "./gpu_kv_buffer.ts";
import { ArgMax } from "./arg_max.ts";
import { Readback } from "./readback.ts";
import { StepInputs } from "./step_inputs.ts";
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
  const readback = await Readback.open(device);
  const inputs = new StepInputs(device);
  const argMax = new ArgMax(device, readback);
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
      const { run } = webSession(session);
      return {
        async run(feeds, ...rest) {
          const outputs = await run(inputs.upload(feeds), ...rest);
          // Else the time of a body would count as that of the head after it.
          readback.settle();
          return outputs;
        },
      };
    }),
    createKvBuffer: (shape, room) =>
      gpuKvBuffer({ device, readback }, shape, room),
    async best(output, rows) {
      const buffer = output.gpuBuffer as GPUBuffer;
      const vocab = output.dims[output.dims.length - 1];
      const best = await argMax.find(buffer, { rows, vocab });
      output.dispose();
      return best;
    },
    download: async (output) => {
      const buffer = output.gpuBuffer as GPUBuffer;
      const size = output.size * 4;
      const bytes = await readback.read(size, (encoder, staging) => {
        encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
      });
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
