/**
 * A model whose keys and values can be read and set, as a cache of prompts needs.
 *
 * @module
 */

import type { Model, Sequence } from "../bita/decode/model.ts";

/** A sequence whose keys and values are in reach. */
export interface KvSequence extends Sequence {
  /**
   * Reads keys and values of slots, from the first on or from another:
   * `[2 * layers, kvHeads, slots, headDim]`, keys first.
   */
  readKv(
    slots: number,
    options?: { from?: number },
  ): Promise<Float32Array<ArrayBuffer>>;
  /** Sets keys and values of slots, in the layout of {@linkcode readKv}. */
  writeKv(
    slots: number,
    data: Float32Array<ArrayBuffer>,
    options?: { from?: number },
  ): void;
}

/** A model of such sequences. */
export interface KvModel extends Model {
  open(prompt: Int32Array, options?: { tokens?: number }): KvSequence;
}
