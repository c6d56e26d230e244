/**
 * Finds the largest logit of each row on the device, so that a greedy pass reads back
 * a few bytes instead of the whole vocabulary.
 *
 * @module
 */

import type { Compile } from "./compile.ts";
import type { Readback } from "./readback.ts";

/** Threads that share a row. */
const THREADS = 256;

/** The largest logit of a row, and the lowest id that has it. */
export interface Best {
  id: number;
  logit: number;
}

/** Searches rows of `vocab` logits. */
function shader(vocab: number): string {
  return `
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> best: array<vec2<u32>>;

var<workgroup> values: array<f32, ${THREADS}>;
var<workgroup> ids: array<u32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = group.x * ${vocab}u;
  var id = min(lane, ${vocab - 1}u);
  var value = logits[first + id];
  for (var i = id + ${THREADS}u; i < ${vocab}u; i += ${THREADS}u) {
    let other = logits[first + i];
    if (other > value) { value = other; id = i; }
  }
  values[lane] = value;
  ids[lane] = id;
  workgroupBarrier();
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    if (lane < half) {
      let other = values[lane + half];
      let otherId = ids[lane + half];
      if (other > values[lane] || (other == values[lane] && otherId < ids[lane])) {
        values[lane] = other;
        ids[lane] = otherId;
      }
    }
    workgroupBarrier();
  }
  if (lane == 0u) { best[group.x] = vec2(ids[0], bitcast<u32>(values[0])); }
}`;
}

/** What logits are searched with. */
export interface ArgMaxParts {
  device: GPUDevice;
  readback: Readback;
  compile: Compile;
}

/** Searches logits on a device. */
export class ArgMax {
  readonly #device: GPUDevice;
  readonly #readback: Readback;
  readonly #compile: Compile;
  readonly #pipelines = new Map<number, ReturnType<Compile>>();
  #found: GPUBuffer | undefined;

  constructor({ device, readback, compile }: ArgMaxParts) {
    this.#device = device;
    this.#readback = readback;
    this.#compile = compile;
  }

  /**
   * Returns the best of the first `rows` rows of `logits`, `[…, vocab]`; `undefined` if
   * the device refuses the kernel.
   */
  async find(
    logits: GPUBuffer,
    { rows, vocab }: { rows: number; vocab: number },
  ): Promise<Best[] | undefined> {
    const size = 8 * rows;
    const pipeline = await this.#pipelineFor(vocab);
    if (!pipeline) return undefined;
    const found = this.#reserve(size);
    const bytes = await this.#readback.read(size, (encoder, target) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(
        0,
        this.#device.createBindGroup({
          layout: pipeline.getBindGroupLayout(0),
          entries: [logits, found].map((buffer, binding) => ({
            binding,
            resource: { buffer },
          })),
        }),
      );
      pass.dispatchWorkgroups(rows);
      pass.end();
      encoder.copyBufferToBuffer(found, 0, target, 0, size);
    });
    const [ids, values] = [new Uint32Array(bytes), new Float32Array(bytes)];
    return Array.from(
      { length: rows },
      (_, row) => ({ id: ids[2 * row], logit: values[2 * row + 1] }),
    );
  }

  #pipelineFor(vocab: number): ReturnType<Compile> {
    const pipeline = this.#pipelines.get(vocab) ??
      this.#compile({ label: "ArgMax", code: shader(vocab) });
    this.#pipelines.set(vocab, pipeline);
    return pipeline;
  }

  #reserve(size: number): GPUBuffer {
    if (this.#found && this.#found.size >= size) return this.#found;
    this.#found?.destroy();
    return this.#found = this.#device.createBuffer({
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
    });
  }
}
