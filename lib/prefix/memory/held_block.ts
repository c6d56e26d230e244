/**
 * A block in the memory of this machine or its device. It counts its users, and its
 * memory is freed with the last one. Left to the garbage collector, blocks would outgrow
 * any cap.
 *
 * @module
 */

import type { BlockPlace, KeptBlock } from "../block.ts";

/** What a block in memory is made of. */
export interface HeldBlockParts extends KeptBlock {
  place: BlockPlace;
  /** Its number in its text, from 0. */
  depth: number;
  /** Its last use in the store, in Unix ms; without it, the block is not stored. */
  stored?: number | undefined;
}

/** A block with one user, its creator. */
export class HeldBlock implements KeptBlock {
  readonly tokens: Int32Array;
  readonly kv: KeptBlock["kv"];
  readonly place: BlockPlace;
  readonly depth: number;
  stored: number | undefined;
  /** Times that it was found. */
  hits = 0;
  #users = 1;

  constructor({ tokens, kv, place, depth, stored }: HeldBlockParts) {
    this.tokens = tokens;
    this.kv = kv;
    this.place = place;
    this.depth = depth;
    this.stored = stored;
  }

  /** Adds a user, which must release the block once. */
  retain(): this {
    this.#users++;
    return this;
  }

  /** Removes a user; the last one frees the keys and values. */
  release(): void {
    if (--this.#users > 0) return;
    if ("free" in this.kv) this.kv.free();
    else this.kv.buffer.transfer(0);
  }
}
