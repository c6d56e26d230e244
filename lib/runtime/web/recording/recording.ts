/**
 * Runs recorded dispatches again, on other inputs of the same shapes.
 *
 * @module
 */

import { Tensor } from "onnxruntime-web/jspi";
import type { NamedTensors } from "../../backend.ts";
import type { Dispatch } from "./recorder.ts";

/** Uniforms of a dispatch start at a multiple of so many bytes. */
const ALIGNMENT = 256;

/** Buffers for what only lives within a run; all recordings of a device share them. */
export class Scratch {
  readonly #device: GPUDevice;
  readonly #buffers = new Map<number, GPUBuffer[]>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Returns a function that takes one buffer after another, by their size. */
  taker(): (size: number) => GPUBuffer {
    const taken = new Map<number, number>();
    return (size) => {
      const index = taken.get(size) ?? 0;
      taken.set(size, index + 1);
      const all = this.#buffers.get(size) ?? [];
      this.#buffers.set(size, all);
      return all[index] ??= this.#device.createBuffer({
        size,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC |
          GPUBufferUsage.COPY_DST,
      });
    };
  }

  /** Fills all buffers with what is no number, so that a kernel that reads it errs. */
  spoil(): void {
    for (const buffer of [...this.#buffers.values()].flat()) {
      const bytes = new Uint8Array(buffer.size).fill(255);
      this.#device.queue.writeBuffer(buffer, 0, bytes);
    }
  }
}

/** A dispatch, of which some buffers differ from run to run. */
interface Command extends Pick<Dispatch, "pipeline" | "layout" | "workgroups"> {
  /** The bindings that never differ. */
  fixed: GPUBindGroupEntry[];
  /** The bindings of buffers of the caller, by their index. */
  given: { binding: number; index: number }[];
}

/** The bind groups of all commands for some buffers of the caller. */
interface Bound {
  given: readonly GPUBuffer[];
  groups: readonly GPUBindGroup[];
}

/** Texts whose bind groups are kept, as to make those takes longer than to run them. */
const KEPT = 4;

/** An output: where the dispatches write it, and what is made of that. */
interface Output {
  name: string;
  dims: readonly number[];
  buffer: GPUBuffer;
}

/** What a recording is made of. */
export interface RecordingParts {
  dispatches: readonly Dispatch[];
  /** The caller's buffers in the recorded run. */
  given: readonly GPUBuffer[];
  /** The outputs of the recorded run, in float32. */
  outputs: NamedTensors;
  scratch: Scratch;
}

/** Dispatches that can be run again. */
export class Recording {
  readonly #device: GPUDevice;
  readonly #commands: Command[];
  readonly #outputs: Output[];
  readonly #uniforms: GPUBuffer;
  /** The bind groups of commands without buffers of the caller. */
  readonly #fixed: readonly (GPUBindGroup | undefined)[];
  /** Most recently used first. */
  #bound: Bound[] = [];

  constructor(
    device: GPUDevice,
    { dispatches, given, outputs, scratch }: RecordingParts,
  ) {
    this.#device = device;
    const take = scratch.taker();
    const indices = new Map(given.map((buffer, index) => [buffer, index]));
    const own = new Map<GPUBuffer, GPUBuffer>();
    for (const { buffer, isWritten } of dispatches.flatMap((d) => d.bindings)) {
      if (!isWritten || own.has(buffer) || indices.has(buffer)) continue;
      own.set(buffer, take(buffer.size));
    }
    const uniforms = storeUniforms(device, dispatches);
    this.#uniforms = uniforms.buffer;
    this.#commands = dispatches.map((dispatch) => {
      const { pipeline, layout, workgroups } = dispatch;
      const fixed: GPUBindGroupEntry[] = [];
      const differing: Command["given"] = [];
      for (const entry of dispatch.bindings) {
        const { binding, buffer, offset, size } = entry;
        const index = indices.get(buffer);
        if (entry.uniforms) {
          fixed.push({ binding, resource: uniforms.place(dispatch) });
        } else if (index !== undefined) differing.push({ binding, index });
        else {
          const resource = {
            buffer: own.get(buffer) ?? buffer, // a weight, if it is not written
            ...offset !== undefined && { offset },
            ...size !== undefined && { size },
          };
          fixed.push({ binding, resource });
        }
      }
      return { pipeline, layout, workgroups, fixed, given: differing };
    });
    this.#fixed = this.#commands.map(({ layout, fixed, given }) =>
      given.length > 0
        ? undefined
        : device.createBindGroup({ layout, entries: fixed })
    );
    this.#outputs = Object.entries(outputs).map((
      [name, { dims, gpuBuffer }],
    ) => (
      { name, dims, buffer: own.get(gpuBuffer as GPUBuffer)! }
    ));
  }

  /** Runs it with other buffers of the caller, and returns new outputs. */
  run(given: readonly GPUBuffer[]): NamedTensors {
    const device = this.#device;
    const { groups } = this.#bind(given);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const [i, { pipeline, workgroups }] of this.#commands.entries()) {
      const [x, y, z] = workgroups;
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, groups[i]);
      pass.dispatchWorkgroups(x, y, z);
    }
    pass.end();
    const outputs = this.#outputs.map(({ name, dims, buffer }) => {
      const size = 4 * dims.reduce((product, dim) => product * dim);
      const copy = device.createBuffer({
        size,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC |
          GPUBufferUsage.COPY_DST,
      });
      encoder.copyBufferToBuffer(buffer, 0, copy, 0, size);
      const tensor = Tensor.fromGpuBuffer(copy, {
        dataType: "float32",
        dims,
        dispose: () => copy.destroy(),
      });
      return [name, tensor];
    });
    device.queue.submit([encoder.finish()]);
    return Object.fromEntries(outputs);
  }

  /** Frees what no other recording uses. */
  free(): void {
    this.#uniforms.destroy();
  }

  #bind(given: readonly GPUBuffer[]): Bound {
    const known = this.#bound.find((bound) =>
      bound.given.every((buffer, i) => buffer === given[i])
    );
    const bound = known ?? {
      given,
      groups: this.#commands.map(({ layout, fixed, given: places }, i) => {
        const entries = places.map(({ binding, index }) => (
          { binding, resource: { buffer: given[index] } }
        ));
        return this.#fixed[i] ?? this.#device.createBindGroup({
          layout,
          entries: [...fixed, ...entries],
        });
      }),
    };
    const others = this.#bound.filter((other) => other !== bound);
    this.#bound = [bound, ...others].slice(0, KEPT);
    return bound;
  }
}

/** Puts the uniforms of all dispatches into one buffer. */
function storeUniforms(
  device: GPUDevice,
  dispatches: readonly Dispatch[],
): { buffer: GPUBuffer; place(dispatch: Dispatch): GPUBufferBinding } {
  const places = new Map<Dispatch, { offset: number; size: number }>();
  let end = 0;
  for (const dispatch of dispatches) {
    const uniforms = uniformsOf(dispatch);
    if (!uniforms) continue;
    const { byteLength: size } = uniforms;
    places.set(dispatch, { offset: end, size });
    end += Math.ceil(size / ALIGNMENT) * ALIGNMENT;
  }
  const buffer = device.createBuffer({
    size: Math.max(end, ALIGNMENT),
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  const bytes = new Uint8Array(buffer.size); // Deno refuses to write nothing
  for (const [dispatch, { offset }] of places) {
    bytes.set(uniformsOf(dispatch)!, offset);
  }
  device.queue.writeBuffer(buffer, 0, bytes);
  return {
    buffer,
    place: (dispatch) => ({ buffer, ...places.get(dispatch) }),
  };
}

function uniformsOf({ bindings }: Dispatch): Uint8Array | undefined {
  return bindings.find(({ uniforms }) => uniforms)?.uniforms;
}
