/**
 * A KV buffer on the device. It grows with the text: the device copies the old arrays
 * to larger ones.
 *
 * WebGPU reports a failed allocation later, and only to the error scope around it. So
 * each use of the device is heard, and the next pass of the sequence fails instead of
 * the device.
 *
 * @module
 */

import { Tensor } from "onnxruntime-web/jspi";
import { DeviceMemoryError, type KvBuffer, type KvRoom } from "../backend.ts";
import { kvDims, type KvShape } from "../kv/kv_layout.ts";
import type { Readback } from "./readback.ts";

/** Factor by which the room grows, so that growth copies a slot twice on average. */
const GROWTH = 1.5;

/** Growth frees the old arrays in so many parts, so that little exists twice. */
const PARTS = 8;

/** What a buffer is made on. */
export interface GpuMemory {
  device: GPUDevice;
  readback: Readback;
}

/** Makes an empty buffer for a sequence. */
export function gpuKvBuffer(
  { device, readback }: GpuMemory,
  shape: KvShape,
  { slots, most }: KvRoom,
): KvBuffer {
  const { layers, kvHeads, headDim } = shape;
  const slotBytes = 4 * headDim;
  /** Settles when all uses of the device so far are known to have worked. */
  let heard = Promise.resolve();

  function use<T>(work: () => T): T {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const result = work();
    const errors = [device.popErrorScope(), device.popErrorScope()];
    heard = Promise.all([heard, ...errors]).then(([_, ...errors]) => {
      const error = errors.find((error) => error !== null);
      if (error) throw memoryError(slots, error);
    });
    heard.catch(() => {}); // the next pass gets the failure
    return result;
  }

  const make = () =>
    device.createBuffer({
      size: kvHeads * slots * slotBytes,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC |
        GPUBufferUsage.COPY_DST,
    });
  let buffers = use(() => Array.from({ length: 2 * layers }, make));
  let tensors = asTensors(buffers, kvDims(shape, slots));

  function grow(needed: number): void {
    const before = slots;
    slots = Math.max(needed, Math.min(most, Math.ceil(GROWTH * slots)));
    const part = Math.ceil(buffers.length / PARTS);
    const grown: GPUBuffer[] = [];
    while (grown.length < buffers.length) {
      const old = buffers.slice(grown.length, grown.length + part);
      use(() => {
        const encoder = device.createCommandEncoder();
        for (const from of old) {
          const to = make();
          for (let head = 0; head < kvHeads; head++) {
            const [source, target] = [before, slots]
              .map((slots) => head * slots * slotBytes);
            const size = before * slotBytes;
            encoder.copyBufferToBuffer(from, source, to, target, size);
          }
          grown.push(to);
        }
        device.queue.submit([encoder.finish()]);
        for (const buffer of old) buffer.destroy();
        readback.settle();
      });
    }
    buffers = grown;
    tensors = asTensors(buffers, kvDims(shape, slots));
  }

  function reserve(needed: number): void {
    if (needed > slots) grow(needed);
  }

  /** Lists where the runs of slots from `from` on are, in the layout of `read`. */
  function* runs(from: number): Generator<[buffer: GPUBuffer, offset: number]> {
    for (const buffer of buffers) {
      for (let head = 0; head < kvHeads; head++) {
        yield [buffer, (head * slots + from) * slotBytes];
      }
    }
  }

  return {
    get tensors() {
      return tensors;
    },
    reserve,
    ready: () => heard,
    async read(count, { from = 0 } = {}) {
      await heard;
      const run = count * slotBytes;
      const size = buffers.length * kvHeads * run;
      const bytes = await readback.read(size, (encoder, staging) => {
        let at = 0;
        for (const [buffer, offset] of runs(from)) {
          encoder.copyBufferToBuffer(buffer, offset, staging, at, run);
          at += run;
        }
      });
      return new Float32Array(bytes);
    },
    write(count, data, { from = 0 } = {}) {
      reserve(from + count);
      use(() => {
        const run = count * headDim;
        let at = 0;
        for (const [buffer, offset] of runs(from)) {
          device.queue.writeBuffer(buffer, offset, data, at, run);
          at += run;
        }
      });
    },
    close() {
      for (const buffer of buffers) buffer.destroy();
      buffers = tensors = [];
    },
  };
}

function asTensors(buffers: readonly GPUBuffer[], dims: number[]): Tensor[] {
  return buffers.map((buffer) =>
    Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims })
  );
}

function memoryError(slots: number, { message }: GPUError): DeviceMemoryError {
  return new DeviceMemoryError(
    `Cannot hold the text on the GPU: memory for ${slots} tokens is required: ${message}`,
  );
}
