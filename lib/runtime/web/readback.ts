/**
 * Reads GPU buffers without the 10 ms that Deno waits after a map.
 *
 * Deno completes the device's work inside `mapAsync`, then sleeps before the promise
 * resolves, so the range can be read at once. A buffer's first map must be awaited.
 *
 * @module
 */

/** A mappable buffer that grows to the largest read. */
export class Readback {
  #device: GPUDevice;
  #staging: GPUBuffer | undefined;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Copies the first `size` bytes of `source`. */
  async read(source: GPUBuffer, size: number): Promise<ArrayBuffer> {
    const staging = await this.#reserve(size);
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, staging, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    staging.mapAsync(GPUMapMode.READ).catch(() => {});
    const bytes = staging.getMappedRange(0, size).slice(0);
    staging.unmap();
    return bytes;
  }

  async #reserve(size: number): Promise<GPUBuffer> {
    if (this.#staging && this.#staging.size >= size) return this.#staging;
    this.#staging?.destroy();
    this.#staging = this.#device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    await this.#staging.mapAsync(GPUMapMode.READ);
    this.#staging.unmap();
    return this.#staging;
  }
}
