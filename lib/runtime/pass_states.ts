/**
 * The hidden states of a pass, kept until all of its steps are released, and the memory
 * that outputs are computed in. It is taken again after use, since fresh memory costs a
 * page fault for every 4 KiB.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { Fetches, NamedTensors } from "./backend.ts";

/** Arrays of one size that are kept for later. */
const MOST_IDLE = 3;

/** Lends arrays. */
export class Memory {
  readonly #idle = new Map<number, Float32Array<ArrayBuffer>[]>();

  /** Returns an array of at least `size` numbers; they may be any. */
  take(size: number): Float32Array<ArrayBuffer> {
    const length = 2 ** Math.ceil(Math.log2(size));
    return this.#idle.get(length)?.pop() ?? new Float32Array(length);
  }

  /** Takes back an array that is no longer read. */
  giveBack(array: Float32Array<ArrayBuffer>): void {
    const idle = this.#idle.get(array.length) ?? [];
    this.#idle.set(array.length, idle);
    if (idle.length < MOST_IDLE) idle.push(array);
  }

  /** Frees the arrays that are not lent, at once rather than as garbage. */
  clear(): void {
    for (const { buffer } of [...this.#idle.values()].flat()) {
      buffer.transfer(0);
    }
    this.#idle.clear();
  }
}

/** The size of a pass. */
export interface PassSize {
  /** Rows of all its runs, padding included. */
  rows: number;
  /** Numbers a hidden state. */
  dim: number;
  /** Numbers a row of `inputs`, if the bodies put those out. */
  inputs: number;
  /** Steps that will release it. */
  steps: number;
}

/** The states of all rows, and memory that was lent for what is read of them. */
export class PassStates {
  /** `[1, rows, dim]` and `[1, rows, L * dim]`, if they are. */
  readonly tensors: Partial<Record<"hidden" | "inputs", Tensor>> = {};
  readonly #memory: Memory | undefined;
  readonly #lent: Float32Array<ArrayBuffer>[] = [];
  readonly #dims: Record<string, number>;
  #users: number;

  /** With `memory`, bodies write into it; else they bring their own. */
  constructor(
    { rows, dim, inputs, steps }: PassSize,
    memory: Memory | undefined,
  ) {
    this.#memory = memory;
    this.#users = steps;
    this.#dims = inputs > 0 ? { hidden: dim, inputs } : { hidden: dim };
    if (!memory) return;
    for (const name of this.#names()) {
      this.tensors[name] = this.lend([1, rows, this.#dims[name]])!;
    }
  }

  #names(): ("hidden" | "inputs")[] {
    return Object.keys(this.#dims) as ("hidden" | "inputs")[];
  }

  /** Returns a tensor that is valid until the pass is released, if memory is lent. */
  lend(dims: number[]): Tensor | null {
    if (!this.#memory) return null;
    const size = dims.reduce((product, dim) => product * dim);
    const array = this.#memory.take(size);
    this.#lent.push(array);
    return new Tensor("float32", array.subarray(0, size), dims);
  }

  /** Names where a run puts out the states of `rows` rows from one on. */
  fetches(first: number, rows: number): Fetches {
    return Object.fromEntries(
      this.#names().map((name) => {
        const all = this.tensors[name];
        if (!all) return [name, null];
        const size = this.#dims[name];
        const data = (all.data as Float32Array<ArrayBuffer>)
          .subarray(first * size, (first + rows) * size);
        return [name, new Tensor("float32", data, [1, rows, size])];
      }),
    );
  }

  /** Takes over what the only run has put out, where no memory is lent. */
  adopt(outputs: NamedTensors): void {
    if (this.#memory) return;
    for (const name of this.#names()) this.tensors[name] = outputs[name];
  }

  /** Releases one step; the last one frees the memory. */
  release(): void {
    if (--this.#users > 0) return;
    for (const array of this.#lent) this.#memory!.giveBack(array);
    for (const tensor of Object.values(this.tensors)) tensor.dispose();
  }
}
