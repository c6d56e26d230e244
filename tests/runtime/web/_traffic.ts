/**
 * Counts what is given to GPUs: dispatches by kernel, and bytes up and down.
 *
 * @module
 */

/** What the device was given. */
export interface Traffic {
  /** Dispatches by the kernel's name. */
  dispatches: Record<string, number>;
  /** Bytes that were written to buffers. */
  up: number;
  /** Bytes that were read from mapped buffers. */
  down: number;
}

/** Counts from now on, in this thread; disposing of it ends that. */
export class TrafficCounter implements Disposable {
  #traffic: Traffic = { dispatches: {}, up: 0, down: 0 };
  readonly #restore: (() => void)[] = [];

  constructor() {
    const names = new WeakMap<object, string>();
    const modules = new WeakMap<object, string>();
    let current = "unnamed";
    this.#observe(
      GPUDevice.prototype,
      "createShaderModule",
      ([{ label }], it) => {
        modules.set(it, label || "unnamed");
      },
    );
    const { prototype: devices } = GPUDevice;
    const name = ({ compute }: GPUComputePipelineDescriptor, it: object) =>
      names.set(it, modules.get(compute.module) ?? "unnamed");
    this.#observe(devices, "createComputePipeline", ([of], it) => name(of, it));
    this.#observe(devices, "createComputePipelineAsync", ([of], made) => {
      made.then((it: GPUComputePipeline) => name(of, it));
    });
    const passes = GPUComputePassEncoder.prototype;
    this.#observe(passes, "setPipeline", ([pipeline]) => {
      current = names.get(pipeline) ?? "unnamed";
    });
    this.#observe(passes, "dispatchWorkgroups", () => {
      const { dispatches } = this.#traffic;
      dispatches[current] = (dispatches[current] ?? 0) + 1;
    });
    this.#observe(GPUQueue.prototype, "writeBuffer", (args) => {
      const [, , data, from = 0, size] = args;
      const unit = data.BYTES_PER_ELEMENT ?? 1;
      this.#traffic.up += unit * (size ?? data.byteLength / unit - from);
    });
    const buffers = GPUBuffer.prototype;
    this.#observe(buffers, "getMappedRange", (_, range, buffer) => {
      const isRead = (buffer.usage & GPUBufferUsage.MAP_READ) !== 0;
      this.#traffic[isRead ? "down" : "up"] += range.byteLength;
    });
  }

  /** Returns what was counted since the last call. */
  take(): Traffic {
    const traffic = this.#traffic;
    this.#traffic = { dispatches: {}, up: 0, down: 0 };
    return traffic;
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore) restore();
  }

  // The methods of WebGPU's classes have no common type.
  // deno-lint-ignore no-explicit-any
  #observe(owner: any, name: string, note: (...of: any[]) => void): void {
    const method = owner[name];
    // deno-lint-ignore no-explicit-any
    owner[name] = function (...args: any[]) {
      const result = method.apply(this, args);
      note(args, result, this);
      return result;
    };
    this.#restore.push(() => owner[name] = method);
  }
}
