/**
 * Reads from the device without the 10 ms that Deno waits after a map.
 *
 * Deno completes the device's work inside `mapAsync`, then sleeps before the promise
 * resolves, so the range can be read at once. A buffer's first map must be awaited.
 *
 * @module
 */

/** Encodes copies to the buffer `target`. */
type Copy = (encoder: GPUCommandEncoder, target: GPUBuffer) => void;

/** Bytes of the first buffer. */
const FIRST_SIZE = 64 * 1024;

/** A mappable buffer that grows to the largest read. */
export class Readback {
  readonly #device: GPUDevice;
  #staging: GPUBuffer;
  /** A buffer for {@linkcode settle}, which no read uses. */
  readonly #marker: GPUBuffer;
  /** Settles with the last read. */
  #last: Promise<unknown> = Promise.resolve();

  /** Opens one on a device. */
  static async open(device: GPUDevice): Promise<Readback> {
    const buffers = await Promise.all([
      mapped(device, FIRST_SIZE),
      mapped(device, 4),
    ]);
    return new Readback(device, ...buffers);
  }

  private constructor(
    device: GPUDevice,
    staging: GPUBuffer,
    marker: GPUBuffer,
  ) {
    this.#device = device;
    this.#staging = staging;
    this.#marker = marker;
  }

  /** Returns `size` bytes that `copy` puts together, a multiple of 4. */
  read(size: number, copy: Copy): Promise<ArrayBuffer> {
    const bytes = this.#last.then(() => this.#read(size, copy));
    this.#last = bytes.catch(() => {}); // the caller gets the failure
    return bytes;
  }

  /** Waits, in this thread, until the device has done all that it was given. */
  settle(): void {
    this.#marker.mapAsync(GPUMapMode.READ).catch(() => {});
    this.#marker.unmap();
  }

  async #read(size: number, copy: Copy): Promise<ArrayBuffer> {
    if (this.#staging.size < size) {
      this.#staging.destroy();
      this.#staging = await mapped(this.#device, size);
    }
    const staging = this.#staging;
    const encoder = this.#device.createCommandEncoder();
    copy(encoder, staging);
    this.#device.queue.submit([encoder.finish()]);
    staging.mapAsync(GPUMapMode.READ).catch(() => {});
    const bytes = staging.getMappedRange(0, size).slice(0);
    staging.unmap();
    return bytes;
  }
}

/** Creates a buffer that was mapped once. */
async function mapped(device: GPUDevice, size: number): Promise<GPUBuffer> {
  const buffer = device.createBuffer({
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  await buffer.mapAsync(GPUMapMode.READ);
  buffer.unmap();
  return buffer;
}
