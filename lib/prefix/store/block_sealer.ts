/**
 * Blocks as sealed records, whose content is token ids, then keys and values. Keys and
 * values are as sensitive as the text that they were computed from.
 *
 * @module
 */

import type { Block, BlockPlace } from "../block.ts";
import { refusal, Sealer } from "./sealer.ts";

/** Seals and opens blocks with keys derived from one secret. */
export class BlockSealer {
  readonly #sealer: Sealer;

  /** Derives keys from `secret`, which must be random. */
  constructor(secret: Uint8Array<ArrayBuffer>) {
    this.#sealer = new Sealer(secret);
  }

  /** Returns the record of a block. */
  async seal(
    place: BlockPlace,
    { tokens, kv }: Block,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const plain = new Uint8Array(tokens.byteLength + kv.byteLength);
    plain.set(bytesOf(tokens));
    plain.set(bytesOf(kv), tokens.byteLength);
    const record = await this.#sealer.seal(place, plain);
    plain.buffer.transfer(0); // left to the collector, contents outgrow any cap
    return record;
  }

  /**
   * Opens the record of the block that holds `tokens`, and frees it.
   *
   * @throws {TypeError} if it is not exactly that block's.
   */
  async open(
    place: BlockPlace,
    record: Uint8Array<ArrayBuffer>,
    tokens: Int32Array,
  ): Promise<Block> {
    const plain = await this.#sealer.open(place, record);
    record.buffer.transfer(0); // fresh memory for each would be slow
    const found = new Uint8Array(plain, 0, tokens.byteLength);
    if (!sameBytes(found, bytesOf(tokens))) {
      throw refusal("one of other tokens");
    }
    return { tokens, kv: new Float32Array(plain, tokens.byteLength) };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
