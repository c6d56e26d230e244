/**
 * Puts the inputs of a body on the device, of which a few grow with the text: the
 * attention's bias and the rotary angles. Only what is new of them is uploaded, so that
 * the bytes of a pass do not depend on the length of the text.
 *
 * @module
 */

import { Tensor } from "onnxruntime-web/jspi";
import type { NamedTensors } from "../backend.ts";
import { HIDDEN } from "../body/attention_bias.ts";

/** Numbers before the rows: rows, columns, the first own column. */
const HEAD = 3;

/** Numbers a row: the columns hidden from it, `[from, to)`, and bits of its own part. */
const PER_ROW = 3;

/** The rows are at most 31, so the bits of an own part fit into a number. */
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
    hidden = ((steps[at + 2u] >> (column - start)) & 1u) == 0u;
  }
  bias[row * columns + column] = select(0.0, ${HIDDEN}.0, hidden);
}`;

/** Factor by which a buffer grows. */
const GROWTH = 1.5;

/** The device's side of a body's inputs. */
export class StepInputs {
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(device: GPUDevice) {
    this.#device = device;
    const module = device.createShaderModule({ code: SHADER });
    this.#pipeline = device.createComputePipeline({
      layout: "auto",
      compute: { module },
    });
  }

  /**
   * Returns the inputs with those that grow on the device. They are valid until the
   * next call.
   */
  upload(feeds: NamedTensors): NamedTensors {
    const all = { ...feeds };
    for (const [name, tensor] of Object.entries(feeds)) {
      const [kind] = name.match(/bias|cos|sin/) ?? [];
      if (!kind) continue;
      const [, lane = ""] = name.match(/(\.\d+)$/) ?? [];
      const rows = feeds[`bias${lane}`].dims[2];
      all[name] = kind === "bias"
        ? this.#expand(name, tensor)
        : this.#write(name, tensor, rows);
    }
    return all;
  }

  /** Writes the last `rows` lines of a table, which alone are read. */
  #write(name: string, { data, dims }: Tensor, rows: number): Tensor {
    const [total, width] = dims;
    const from = (total - rows) * width;
    const angles = data as Float32Array<ArrayBuffer>;
    const buffer = this.#reserve(name, angles.byteLength);
    this.#device.queue.writeBuffer(buffer, 4 * from, angles, from);
    return asTensor(buffer, dims);
  }

  /** Writes a bias from what is hidden in it. */
  #expand(name: string, { data, dims }: Tensor): Tensor {
    const device = this.#device;
    const [, , rows, columns] = dims;
    const packed = packBias(data as Float32Array, { rows, columns });
    const steps = this.#reserve(`${name}.steps`, packed.byteLength);
    const bias = this.#reserve(name, 4 * rows * columns);
    device.queue.writeBuffer(steps, 0, packed);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: this.#pipeline.getBindGroupLayout(0),
        entries: [steps, bias].map((buffer, binding) => ({
          binding,
          resource: { buffer },
        })),
      }),
    );
    pass.dispatchWorkgroups(Math.ceil(columns / 64), rows);
    pass.end();
    device.queue.submit([encoder.finish()]);
    return asTensor(bias, dims);
  }

  #reserve(name: string, size: number): GPUBuffer {
    const known = this.#buffers.get(name);
    if (known && known.size >= size) return known;
    known?.destroy();
    const buffer = this.#device.createBuffer({
      size: 4 * Math.ceil(GROWTH * size / 4),
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

function asTensor(buffer: GPUBuffer, dims: readonly number[]): Tensor {
  return Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
}
