/**
 * A block in memory, counted by those who use it, so that its memory is free as soon
 * as the last one lets go. Garbage alone would outgrow any cap before it is collected.
 *
 * @module
 */

import type { Block, BlockPlace } from "../block.ts";

/** What a block in memory is made of. */
export interface HeldBlockParts extends Block {
  place: BlockPlace;
  /** Its number in its text, from 0. */
  depth: number;
  /** When the store last heard of its use, Unix ms; without, it isn't there. */
  stored?: number | undefined;
}

/** A block, what became of it, and how many use it: at first, its maker. */
export class HeldBlock implements Block {
  readonly tokens: Int32Array;
  readonly kv: Float32Array<ArrayBuffer>;
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

  /** Adds a user; each must release it once. */
  retain(): this {
    this.#users++;
    return this;
  }

  /** Lets go; after the last user, keys and values are no more. */
  release(): void {
    if (--this.#users === 0) this.kv.buffer.transfer(0);
  }
}
