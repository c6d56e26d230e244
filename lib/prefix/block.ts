/**
 * The nouns of the room.
 *
 * @module
 */

/** Keys and values of some tokens in a row, in the exact bits of a pass. */
export interface Block {
  tokens: Int32Array;
  /** `[2 * layers, kvHeads, tokens, headDim]`, keys first. */
  kv: Float32Array<ArrayBuffer>;
}

/** Where a block is kept. */
export interface BlockPlace {
  /** Fingerprint of the model, in hex. */
  model: string;
  /** Namespace of its caller, in hex. */
  space: string;
  /** The block's name in its chain, in hex. */
  hash: string;
}
