/**
 * Records the dispatches that ONNX Runtime gives to a device during a run.
 *
 * @module
 */

/** A buffer of a dispatch, in the place that its shader names. */
export interface Binding {
  binding: number;
  buffer: GPUBuffer;
  offset?: number | undefined;
  size?: number | undefined;
  /** Whether the shader may write to it. */
  isWritten: boolean;
  /** What it holds, if it is the one with the shader's uniforms. */
  uniforms?: Uint8Array<ArrayBuffer> | undefined;
}

/** What a kernel is started with. */
export interface Dispatch {
  /** The name of its kernel. */
  label: string;
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
  bindings: readonly Binding[];
  workgroups: readonly number[];
}

/** What is known of a shader. */
interface Shader {
  label: string;
  /** The bindings that it writes to. */
  written: ReadonlySet<number>;
}

/** Records runs on a device, one at a time. */
export class Recorder {
  readonly #device: GPUDevice;
  /** What is known of shaders, and of pipelines of them. */
  readonly #shaders = new WeakMap<object, Shader>();

  /** Notes the shaders of all pipelines of the device from now on. */
  constructor(device: GPUDevice) {
    this.#device = device;
    const compiled = (
      { compute }: GPUComputePipelineDescriptor,
      pipeline: GPUComputePipeline,
    ) => this.#shaders.set(pipeline, this.#shaders.get(compute.module)!);
    observe(device, "createShaderModule", ([{ code, label = "" }], module) => {
      this.#shaders.set(module, { label, written: writtenBindings(code) });
    });
    observe(device, "createComputePipeline", ([of], pipeline) => {
      compiled(of, pipeline);
    });
    observe(device, "createComputePipelineAsync", ([of], pipeline) => {
      pipeline.then((pipeline: GPUComputePipeline) => compiled(of, pipeline));
    });
  }

  /**
   * Runs `work`, and returns with its result the dispatches, in order. They are
   * `undefined` if something else has written to their buffers meanwhile, other than
   * zeros: ONNX Runtime clears buffers, but its kernels read only what was written.
   */
  async record<T>(
    work: () => Promise<T>,
  ): Promise<{ result: T; dispatches: Dispatch[] | undefined }> {
    const device = this.#device;
    const dispatches: Dispatch[] = [];
    const uniforms = new Map<GPUBuffer, Uint8Array<ArrayBuffer>>();
    const uploaded = new Set<GPUBuffer>();
    const groups = new WeakMap<
      GPUBindGroup,
      Pick<Dispatch, "layout" | "bindings">
    >();
    let isWhole = true;

    observe(device.queue, "writeBuffer", ([buffer, , data, from = 0, size]) => {
      const isUniform = (buffer.usage & GPUBufferUsage.UNIFORM) !== 0;
      if (!isUniform) uploaded.add(buffer);
      else uniforms.set(buffer, data.slice(from, size && from + size));
    });
    observe(device, "createBindGroup", ([{ layout, entries }], group) => {
      const bindings = [...entries].map(({ binding, resource }): Binding => {
        const { buffer = resource, offset, size } = resource;
        const held = uniforms.get(buffer);
        return {
          binding,
          buffer,
          offset,
          size,
          isWritten: false,
          uniforms: held,
        };
      });
      groups.set(group, { layout, bindings });
    });
    observe(device, "createCommandEncoder", (_, encoder) => {
      observe(encoder, "copyBufferToBuffer", ([, at, to]) => {
        uploaded.add(typeof at === "number" ? to : at);
      });
      observe(encoder, "beginComputePass", (_, pass) => {
        let pipeline: GPUComputePipeline;
        let group: GPUBindGroup;
        observe(pass, "setPipeline", ([set]) => pipeline = set);
        observe(pass, "setBindGroup", ([, set]) => group = set);
        observe(pass, "dispatchWorkgroupsIndirect", () => isWhole = false);
        observe(pass, "dispatchWorkgroups", (workgroups) => {
          const bound = groups.get(group);
          const shader = this.#shaders.get(pipeline);
          if (!bound || !shader) return isWhole = false;
          const { label, written } = shader;
          const bindings = bound.bindings.map((binding) => (
            { ...binding, isWritten: written.has(binding.binding) }
          ));
          dispatches.push({ ...bound, label, pipeline, bindings, workgroups });
        });
      });
    });
    try {
      const result = await work();
      isWhole &&= !dispatches.some(({ bindings }) =>
        bindings.some(({ buffer }) => uploaded.has(buffer))
      );
      return { result, dispatches: isWhole ? dispatches : undefined };
    } finally {
      restore(device.queue, "writeBuffer");
      restore(device, "createBindGroup");
      restore(device, "createCommandEncoder");
    }
  }
}

/** Lists the bindings of storage buffers that a shader may write to. */
export function writtenBindings(code: string): ReadonlySet<number> {
  const written = code.matchAll(
    /@binding\((\d+)\)\s*var<\s*storage\s*,\s*read_write\s*>/g,
  );
  return new Set([...written].map(([, binding]) => Number(binding)));
}

// The methods of WebGPU's classes have no common type.
// deno-lint-ignore no-explicit-any
type Note = (args: any[], result: any) => void;

/** Calls `note` after each call of an object's method. */
function observe(object: object, name: string, note: Note): void {
  Object.defineProperty(object, name, {
    configurable: true,
    // deno-lint-ignore no-explicit-any
    value(...args: any[]) {
      const method = Object.getPrototypeOf(object)[name];
      const result = method.apply(object, args);
      note(args, result);
      return result;
    },
  });
}

/** Ends {@linkcode observe}. */
function restore(object: object, name: string): void {
  Reflect.deleteProperty(object, name);
}
