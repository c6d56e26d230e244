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
import type { DeviceKv } from "../../bita/decode/model.ts";
import { DeviceMemoryError, type KvBuffer, type KvRoom } from "../backend.ts";
import { kvDims, type KvShape } from "../kv/kv_layout.ts";
import type { Readback } from "./readback.ts";
import { inGrains } from "./step_inputs.ts";

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
  room: KvRoom,
): KvBuffer {
  const { layers, kvHeads, headDim } = shape;
  const most = inGrains(room.most);
  let slots = inGrains(room.slots);
  const slotBytes = 4 * headDim;
  /** Settles when all uses of the device so far are known to have worked. */
  let heard = Promise.resolve();

  function use<T>(work: () => T): T {
    const { result, worked } = hear(device, work);
    heard = Promise.all([heard, worked]).then(() => {});
    heard.catch(() => {}); // the next pass gets the failure
    return result;
  }

  const make = () => createBuffer(device, kvHeads * slots * slotBytes);
  let buffers = use(() => Array.from({ length: 2 * layers }, make));
  let tensors = asTensors(buffers, kvDims(shape, slots));

  function grow(needed: number): void {
    const before = slots;
    slots = inGrains(Math.max(needed, Math.min(most, GROWTH * slots)));
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

  /** Copies numbers to the device at once: a call for each run would take longer. */
  function upload(data: Float32Array): GPUBuffer {
    const buffer = createBuffer(device, data.byteLength);
    device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
    return buffer;
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
    async copy(count, { from = 0 } = {}) {
      await heard;
      const run = count * slotBytes;
      const { result, worked } = hear(device, () => {
        const size = buffers.length * kvHeads * run;
        const copy = new GpuKv({ device, readback }, size);
        const encoder = device.createCommandEncoder();
        let at = 0;
        for (const [buffer, offset] of runs(from)) {
          encoder.copyBufferToBuffer(buffer, offset, copy.buffer, at, run);
          at += run;
        }
        device.queue.submit([encoder.finish()]);
        return copy;
      });
      await worked.catch((error) => {
        result.free();
        throw error;
      });
      return result;
    },
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
        const run = count * slotBytes;
        const isCopy = data instanceof GpuKv; // it makes no others
        const source = isCopy ? data.buffer : upload(data as Float32Array);
        const encoder = device.createCommandEncoder();
        let at = 0;
        for (const [buffer, offset] of runs(from)) {
          encoder.copyBufferToBuffer(source, at, buffer, offset, run);
          at += run;
        }
        device.queue.submit([encoder.finish()]);
        if (!isCopy) source.destroy();
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

/** Keys and values on the device, in the layout of {@linkcode KvBuffer.read}. */
class GpuKv implements DeviceKv {
  readonly byteLength: number;
  readonly buffer: GPUBuffer;
  readonly #readback: Readback;

  constructor({ device, readback }: GpuMemory, byteLength: number) {
    this.byteLength = byteLength;
    this.buffer = createBuffer(device, byteLength);
    this.#readback = readback;
  }

  async read(): Promise<Float32Array<ArrayBuffer>> {
    const { buffer, byteLength: size } = this;
    const bytes = await this.#readback.read(size, (encoder, staging) => {
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
    });
    return new Float32Array(bytes);
  }

  free(): void {
    this.buffer.destroy();
  }
}

function createBuffer(device: GPUDevice, size: number): GPUBuffer {
  return device.createBuffer({
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC |
      GPUBufferUsage.COPY_DST,
  });
}

/** Uses the device; `worked` rejects if it reports an error of that. */
function hear<T>(
  device: GPUDevice,
  work: () => T,
): { result: T; worked: Promise<void> } {
  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  const result = work();
  const errors = [device.popErrorScope(), device.popErrorScope()];
  const worked = Promise.all(errors).then((errors) => {
    const error = errors.find((error) => error !== null);
    if (!error) return;
    throw new DeviceMemoryError(
      `Cannot hold the text on the GPU: memory is required: ${error.message}`,
    );
  });
  return { result, worked };
}
