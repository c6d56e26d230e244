/**
 * A block: the keys and values of a fixed number of consecutive tokens. Prompts are
 * cached block by block, so that prompts with a common beginning share its blocks.
 *
 * @module
 */

import type { KvCopy } from "../bita/decode/model.ts";

/** Keys and values of consecutive tokens in main memory, in the exact bits of a pass. */
export interface Block {
  tokens: Int32Array;
  /** `[2 * layers, kvHeads, tokens, headDim]`, keys first. */
  kv: Float32Array<ArrayBuffer>;
}

/** A block in main memory or on the device. */
export interface KeptBlock extends Omit<Block, "kv"> {
  kv: KvCopy;
}

/** Where a block is kept. */
export interface BlockPlace {
  /** Fingerprint of the model, in hex. */
  model: string;
  /** Namespace, as in {@linkcode callerSpace} or {@linkcode sharedSpace}. */
  space: string;
  /** Hash of the block and all before it, in hex. */
  hash: string;
}
