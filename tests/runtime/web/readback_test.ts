import { assert, assertEquals } from "@std/assert";
import { Readback } from "../../../lib/runtime/web/readback.ts";
import { findGpu } from "../_gpu.ts";

const adapter = await findGpu();

/** Opens a device for one test; an adapter gives no second one. */
async function withDevice(
  work: (device: GPUDevice) => Promise<void>,
): Promise<void> {
  const device = await (await findGpu())!.requestDevice();
  try {
    await work(device);
  } finally {
    device.destroy();
  }
}

/** Puts bytes on the device. */
function upload(device: GPUDevice, bytes: Uint8Array<ArrayBuffer>): GPUBuffer {
  const buffer = device.createBuffer({
    size: bytes.length,
    usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, bytes);
  return buffer;
}

/** Reads the first bytes of a buffer. */
function front(
  readback: Readback,
  buffer: GPUBuffer,
  size: number,
): Promise<ArrayBuffer> {
  return readback.read(size, (encoder, target) => {
    encoder.copyBufferToBuffer(buffer, 0, target, 0, size);
  });
}

/** Bytes that differ by `seed`. */
function bytes(seed: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7) & 255);
}

Deno.test({
  name: "Readback.read() gives what each write left, fast",
  ignore: !adapter,
  fn: () =>
    withDevice(async (device) => {
      const readback = await Readback.open(device);
      const buffer = upload(device, bytes(0, 4096));
      const times: number[] = [];
      for (let round = 1; round <= 20; round++) {
        const expected = bytes(round, 4096);
        device.queue.writeBuffer(buffer, 0, expected);
        const from = performance.now();
        const received = await front(readback, buffer, 4096);
        times.push(performance.now() - from);
        assertEquals(new Uint8Array(received), expected);
      }
      const median = times.sort((a, b) => a - b)[10];
      console.log(`a read: ${median.toFixed(2)} ms`);
      assert(median < 8, "an awaited map takes over 10 ms");
    }),
});

Deno.test({
  name: "Readback.read() copies the front, and grows for larger reads",
  ignore: !adapter,
  fn: () =>
    withDevice(async (device) => {
      const readback = await Readback.open(device);
      for (const size of [256, 8, 64 * 1024]) {
        const expected = bytes(size, size);
        const larger = new Uint8Array(size + 16).fill(1);
        larger.set(expected);
        const received = await front(readback, upload(device, larger), size);
        assertEquals(new Uint8Array(received), expected);
      }
    }),
});

Deno.test({
  name: "Readback.read() reads for several callers at once",
  ignore: !adapter,
  fn: () =>
    withDevice(async (device) => {
      const readback = await Readback.open(device);
      const sizes = [128 * 1024, 256, 512 * 1024];
      const reads = sizes.map((size) =>
        front(readback, upload(device, bytes(size, size)), size)
      );
      for (const [i, received] of (await Promise.all(reads)).entries()) {
        assertEquals(new Uint8Array(received), bytes(sizes[i], sizes[i]));
      }
    }),
});
