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
import { compiler } from "./compile.ts";
import { DeviceWeights } from "./device_weights.ts";
import { GatedKernel } from "./recording/gated_kernel.ts";
import { Readback } from "./readback.ts";
import { recordedSession } from "./recording/recorded_session.ts";
import { Recorder } from "./recording/recorder.ts";
import { Scratch } from "./recording/recording.ts";
import { StepInputs } from "./step_inputs.ts";
import { takeTurns, webSession } from "./web_session.ts";

/**
 * Adapters in use. Deno frees an adapter without references, although its device still
 * needs it.
 */
const keptAlive = new Set<GPUAdapter>();

/**
 * Returns a backend on the GPU, or on a software driver.
 *
 * @param options.onWarning is called with the reason if it is slower than it could be.
 * @throws {Deno.errors.NotSupported} if there is neither.
 */
export async function webgpuBackend(
  { onWarning = () => {} }: { onWarning?: (reason: string) => void } = {},
): Promise<Backend> {
  const adapter = await gpuAdapter();
  if (!adapter) {
    throw new Deno.errors.NotSupported(
      "Cannot open webgpu: a GPU adapter is required: received none",
    );
  }
  const {
    maxBufferSize,
    maxStorageBufferBindingSize,
    maxStorageBuffersPerShaderStage,
  } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: {
      maxBufferSize,
      maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage,
    },
  });
  const readback = await Readback.open(device);
  const compile = compiler(device, onWarning);
  const inputs = await StepInputs.open(device, compile);
  const argMax = new ArgMax({ device, readback, compile });
  const weights = new DeviceWeights(device);
  const recorder = new Recorder(device);
  const scratch = new Scratch(device);
  const kernel = new GatedKernel(device, compile);
  // A session can't run while another is being opened.
  const turn = takeTurns();
  const lost = failureOf(device);
  const untilLost = failWhen(lost);
  keptAlive.add(adapter);
  return {
    name: "webgpu",
    lost,
    rows: { min: 4, max: 31 },
    sharesPasses: true,
    inPlace: false,
    createSession: (path) =>
      turn(async () => {
        const graph = await weights.read(path);
        const opening = InferenceSession.create(graph.model, {
          executionProviders: [{ name: "webgpu", device }],
          preferredOutputLocation: "gpu-buffer",
        });
        const session = webSession(await untilLost(opening));
        const { run } = recordedSession({
          run: (feeds, ...rest) =>
            session.run({ ...graph.weights, ...feeds }, ...rest),
        }, { device, recorder, scratch, readback, kernel });
        return {
          run: (feeds, ...rest) =>
            turn(async () => {
              const outputs = await untilLost(
                run(inputs.upload(feeds), ...rest),
              );
              // Else the time of a body would count as that of the head after it.
              readback.settle();
              return outputs;
            }),
        };
      }),
    createKvBuffer: (shape, room) =>
      gpuKvBuffer({ device, readback }, shape, room),
    async best(output, rows) {
      const buffer = output.gpuBuffer as GPUBuffer;
      const vocab = output.dims[output.dims.length - 1];
      const best = await argMax.find(buffer, { rows, vocab });
      if (best) output.dispose();
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

/**
 * Returns a function through which a work fails when the device is lost, as it may
 * never end then. It is for one work at a time.
 */
function failWhen(lost: Promise<string>): <T>(work: Promise<T>) => Promise<T> {
  let isLost: Error | undefined;
  let fail: (error: Error) => void = () => {};
  lost.then((reason) => fail(isLost = new Error(reason)));
  return (work) =>
    new Promise((resolve, reject) => {
      fail = reject;
      work.then(resolve, reject);
      if (isLost) reject(isLost);
    });
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
