/**
 * Memory for outputs that are computed in place, taken again for the next of its name.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";

/** Memory by name, grown to the largest output so far. */
export class Scratch {
  readonly #arrays = new Map<string, Float32Array<ArrayBuffer>>();

  /** Gives a tensor in the memory of `name`, which the last one no longer needs. */
  tensor(name: string, dims: number[]): Tensor {
    const size = dims.reduce((product, dim) => product * dim);
    let array = this.#arrays.get(name);
    if (!array || array.length < size) {
      array = new Float32Array(size);
      this.#arrays.set(name, array);
    }
    return new Tensor("float32", array.subarray(0, size), dims);
  }
}
