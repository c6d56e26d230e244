/**
 * One kernel for what ONNX Runtime computes by four before the last matrix of a gated
 * feed-forward network:
 *
 * ```text
 * sum = x + change      n = norm(sum)      silu(n · gate) * (n · up)
 * ```
 *
 * In a recording, its dispatch takes the place of the four. `gated_shader.ts` is what it
 * computes.
 *
 * @module
 */

import type { Compile } from "../compile.ts";
import { type Bits, BUFFERS, COLUMNS, ROWS, shader } from "./gated_shader.ts";
import type { Binding, Dispatch } from "./recorder.ts";

/** The kernels that it replaces, in order. */
const REPLACED = [
  "SkipLayerNorm",
  "MatMulNBitsWideTile",
  "MatMulNBitsWideTile",
  "MatMulNBitsMlp",
];

/** What it is called, among the names of ONNX Runtime's kernels. */
const LABEL = "GatedFeedForward";

/** Puts the kernel into the place of the four. */
export class GatedKernel {
  readonly #device: GPUDevice;
  readonly #compile: Compile;
  readonly #pipelines = new Map<number, ReturnType<Compile>>();

  constructor(device: GPUDevice, compile: Compile) {
    this.#device = device;
    this.#compile = compile;
  }

  /**
   * Replaces the four dispatches wherever nothing else reads what is between them, unless
   * the device refuses the kernel.
   *
   * @param kept The buffers that are read after all dispatches.
   */
  async replace(
    dispatches: readonly Dispatch[],
    kept: ReadonlySet<GPUBuffer>,
  ): Promise<readonly Dispatch[]> {
    const { maxStorageBuffersPerShaderStage } = this.#device.limits;
    if (maxStorageBuffersPerShaderStage < BUFFERS) return dispatches;
    const all: Dispatch[] = [];
    for (let i = 0; i < dispatches.length;) {
      const end = i + REPLACED.length;
      const isMatch = REPLACED.every((name, at) =>
        dispatches[i + at]?.label === name
      );
      const one = isMatch
        ? await this.#join(
          dispatches.slice(i, end),
          dispatches.slice(end),
          kept,
        )
        : undefined;
      all.push(one ?? dispatches[i]);
      i = one ? end : i + 1;
    }
    return all;
  }

  async #join(
    four: readonly Dispatch[],
    later: readonly Dispatch[],
    kept: ReadonlySet<GPUBuffer>,
  ): Promise<Dispatch | undefined> {
    const [norm, gate, up, product] = four.map(buffersOf);
    const [x, change, gamma, normed, sum] = norm;
    const [, gates, gateScales, gated] = gate;
    const [, ups, upScales, upper] = up;
    const buffers = [
      x,
      change,
      gamma,
      gates,
      gateScales,
      ups,
      upScales,
      sum,
      product[2],
    ];
    const isChain = norm.length === 5 && gate[0] === normed &&
      up[0] === normed && product[0] === gated && product[1] === upper;
    const isAlone = [normed, gated, upper].every((buffer) => {
      const next = nextUse(buffer, later);
      return next ? next.isWritten : !kept.has(buffer);
    });
    // A buffer cannot be read and written in one dispatch.
    const isDistinct = new Set(buffers).size === BUFFERS;
    if (!isChain || !isAlone || !isDistinct) return undefined;

    const [, dim, epsilon] = uniformsOf(four[0]);
    const [, rows, columns] = uniformsOf(four[1]);
    const bits = 8 * gates.size / (dim * columns);
    if (bits !== 4 && bits !== 8) return undefined;
    const pipeline = await this.#pipelineFor(bits);
    if (!pipeline) return undefined;
    const sizes = Uint32Array.of(rows, dim, columns, epsilon);
    const bindings = buffers.map((buffer, binding): Binding => (
      { binding, buffer, isWritten: binding >= BUFFERS - 2 }
    ));
    const uniforms: Binding = {
      binding: BUFFERS,
      buffer: gates, // a recording has its own for these
      isWritten: false,
      uniforms: new Uint8Array(sizes.buffer),
    };
    return {
      label: LABEL,
      pipeline,
      layout: pipeline.getBindGroupLayout(0),
      bindings: [...bindings, uniforms],
      workgroups: [Math.ceil(columns / COLUMNS), Math.ceil(rows / ROWS), 1],
    };
  }

  #pipelineFor(bits: Bits): ReturnType<Compile> {
    const pipeline = this.#pipelines.get(bits) ??
      this.#compile({ label: LABEL, code: shader(bits) });
    this.#pipelines.set(bits, pipeline);
    return pipeline;
  }
}

/** Lists the storage buffers of a dispatch in the order of their bindings. */
function buffersOf({ bindings }: Dispatch): GPUBuffer[] {
  return bindings.filter(({ uniforms }) => !uniforms)
    .toSorted((a, b) => a.binding - b.binding)
    .map(({ buffer }) => buffer);
}

/** Returns the uniforms of a dispatch, in the order of its shader. */
function uniformsOf({ bindings }: Dispatch): Uint32Array {
  const { uniforms } = bindings.find(({ uniforms }) => uniforms)!;
  return new Uint32Array(uniforms!.slice().buffer);
}

/** Returns the first binding of a buffer in dispatches. */
function nextUse(
  buffer: GPUBuffer,
  dispatches: readonly Dispatch[],
): Binding | undefined {
  return dispatches.flatMap(({ bindings }) => bindings)
    .find((binding) => binding.buffer === buffer);
}
