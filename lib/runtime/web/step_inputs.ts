/**
 * Puts the inputs of graphs on the device, of which a few grow with the text: the
 * attention's bias and the rotary angles. Only what is new of them is uploaded, so that
 * the bytes of a pass do not depend on the length of the text.
 *
 * They grow in grains of slots, so that passes whose texts differ little in length have
 * inputs of the same shapes. The bias hides the slots that are not filled yet.
 *
 * @module
 */

import { Tensor } from "onnxruntime-web/jspi";
import type { NamedTensors } from "../backend.ts";
import { HIDDEN } from "../body/attention_bias.ts";
import type { Compile } from "./compile.ts";

/** Texts take so many slots, or a multiple of that. */
const GRAIN = 128;

/** Returns the slots of a text that needs `slots` of them. */
export function inGrains(slots: number): number {
  return Math.ceil(slots / GRAIN) * GRAIN;
}

/** Numbers before the rows: rows, columns, the first own column. */
const HEAD = 3;

/** Numbers a row: the columns hidden from it, `[from, to)`, and bits of its own part. */
const PER_ROW = 3;

/** The rows are at most 31, so the bits of an own part fit into a number, the last is 0. */
const SHADER = `
@group(0) @binding(0) var<storage, read> steps: array<u32>;
@group(0) @binding(1) var<storage, read_write> bias: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let columns = steps[1];
  let start = steps[2];
  let row = id.y;
  let column = id.x;
  if (row >= steps[0] || column >= columns) { return; }
  let at = ${HEAD}u + row * ${PER_ROW}u;
  var hidden = column >= steps[at] && column < steps[at + 1u];
  if (column >= start) {
    hidden = ((steps[at + 2u] >> min(column - start, 31u)) & 1u) == 0u;
  }
  bias[row * columns + column] = select(0.0, ${HIDDEN}.0, hidden);
}`;

/** Factor by which a buffer grows. */
const GROWTH = 1.5;

/** The device's side of the inputs of graphs. */
export class StepInputs {
  readonly #device: GPUDevice;
  /** Expands a bias; without it, whole ones are uploaded. */
  readonly #pipeline: GPUComputePipeline | undefined;
  readonly #buffers = new Map<string, GPUBuffer>();

  /** Opens them on a device. */
  static async open(device: GPUDevice, compile: Compile): Promise<StepInputs> {
    const kernel = { label: "ExpandBias", code: SHADER };
    return new StepInputs(device, await compile(kernel));
  }

  private constructor(
    device: GPUDevice,
    pipeline: GPUComputePipeline | undefined,
  ) {
    this.#device = device;
    this.#pipeline = pipeline;
  }

  /**
   * Returns the inputs on the device, all but the number of slots. They are valid until
   * the next call.
   */
  upload(feeds: NamedTensors): NamedTensors {
    const all = { ...feeds };
    for (const [name, tensor] of Object.entries(feeds)) {
      if (tensor.location !== "cpu") continue;
      const [kind] = name.match(/^total|bias|cos|sin/) ?? [];
      const [lane = ""] = name.match(/\.\d+$/) ?? [];
      if (kind === "bias") {
        all[name] = this.#pipeline
          ? this.#expand(name, tensor, this.#pipeline)
          : this.#put(name, widened(tensor));
      } else if (kind === "total") all[name] = total(tensor);
      else if (!kind) all[name] = this.#put(name, tensor);
      else {
        const { dims: [, , rows] } = feeds[`bias${lane}`];
        all[name] = this.#write(name, tensor, rows);
      }
    }
    return all;
  }

  #put(name: string, { type, data, dims }: Tensor): Tensor {
    const bytes = data as Float32Array<ArrayBuffer>;
    const buffer = this.#reserve(name, bytes.byteLength);
    this.#device.queue.writeBuffer(buffer, 0, bytes);
    return asTensor(buffer, dims, type as "float32");
  }

  /** Writes the last `rows` lines of a table, which alone are read. */
  #write(name: string, { data, dims }: Tensor, rows: number): Tensor {
    const [total, width] = dims;
    const from = (total - rows) * width;
    const angles = data as Float32Array<ArrayBuffer>;
    const slots = inGrains(total);
    const buffer = this.#reserve(name, 4 * slots * width);
    this.#device.queue.writeBuffer(buffer, 4 * from, angles, from);
    return asTensor(buffer, [slots, width]);
  }

  /** Writes a bias from what is hidden in it. */
  #expand(
    name: string,
    { data, dims }: Tensor,
    pipeline: GPUComputePipeline,
  ): Tensor {
    const device = this.#device;
    const [, , rows, total] = dims;
    const columns = inGrains(total);
    const packed = packBias(data as Float32Array, { rows, columns: total });
    packed[1] = columns;
    const steps = this.#reserve(`${name}.steps`, packed.byteLength);
    const bias = this.#reserve(name, 4 * rows * columns);
    device.queue.writeBuffer(steps, 0, packed);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [steps, bias].map((buffer, binding) => ({
          binding,
          resource: { buffer },
        })),
      }),
    );
    pass.dispatchWorkgroups(Math.ceil(columns / 64), rows);
    pass.end();
    device.queue.submit([encoder.finish()]);
    return asTensor(bias, [1, 1, rows, columns]);
  }

  #reserve(name: string, size: number): GPUBuffer {
    const known = this.#buffers.get(name);
    if (known && known.size >= size) return known;
    known?.destroy();
    const buffer = this.#device.createBuffer({
      size: 16 * Math.ceil(GROWTH * size / 16),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST |
        GPUBufferUsage.COPY_SRC,
    });
    this.#buffers.set(name, buffer);
    return buffer;
  }
}

/**
 * Packs a bias of zeros and {@linkcode HIDDEN}, `[rows, columns]`, whose last `rows`
 * columns are the rows' own: for each row the columns that are hidden before those,
 * and a bit for each own column that is not.
 *
 * @throws {RangeError} if a row has more than one run of hidden columns before its own.
 */
export function packBias(
  bias: Float32Array,
  { rows, columns }: { rows: number; columns: number },
): Uint32Array<ArrayBuffer> {
  const start = columns - rows;
  const packed = new Uint32Array(HEAD + PER_ROW * rows);
  packed.set([rows, columns, start]);
  for (let row = 0; row < rows; row++) {
    const line = bias.subarray(row * columns, (row + 1) * columns);
    const past = line.subarray(0, start);
    const from = past.indexOf(HIDDEN);
    const end = past.indexOf(0, Math.max(0, from));
    const to = from < 0 ? 0 : end < 0 ? start : end;
    if (past.indexOf(HIDDEN, to) >= 0 && from >= 0) {
      throw new RangeError(
        `Cannot pack a bias: one run of hidden columns is required: received more in row ${row}`,
      );
    }
    let own = 0;
    for (let i = 0; i < rows; i++) if (line[start + i] === 0) own |= 1 << i;
    packed.set([Math.max(0, from), to, own >>> 0], HEAD + PER_ROW * row);
  }
  return packed;
}

/** Returns a bias with hidden columns up to whole grains. */
function widened({ data, dims: [, , rows, total] }: Tensor): Tensor {
  const columns = inGrains(total);
  const wide = new Float32Array(rows * columns).fill(HIDDEN);
  for (let row = 0; row < rows; row++) {
    const line = (data as Float32Array).subarray(
      row * total,
      (row + 1) * total,
    );
    wide.set(line, row * columns);
  }
  return new Tensor("float32", wide, [1, 1, rows, columns]);
}

/** Returns the number of slots in grains. */
function total({ data, dims }: Tensor): Tensor {
  const [slots] = data as Int32Array;
  return new Tensor("int32", Int32Array.of(inGrains(slots)), dims);
}

function asTensor(
  buffer: GPUBuffer,
  dims: readonly number[],
  dataType: "float32" | "int32" | "int64" = "float32",
): Tensor {
  return Tensor.fromGpuBuffer(buffer, { dataType, dims });
}
