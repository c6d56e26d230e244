/**
 * Blocks in this process's memory, as many as fit; the least recently used goes
 * first, and of one text the last.
 *
 * @module
 */

import { scopesOf } from "../namespace.ts";
import type { HeldBlock } from "./held_block.ts";

/** Holds blocks by their hashes. */
export class MemoryCache {
  readonly #cap: number;
  readonly #blocks = new Map<string, HeldBlock>(); // least recently used first
  #bytes = 0;

  /** Holds up to `capBytes` of keys and values. */
  constructor(capBytes: number) {
    this.#cap = capBytes;
  }

  /** Bytes that are held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Tells how many blocks of `bytes` each may be held. */
  room(bytes: number): number {
    return Math.floor(this.#cap / bytes);
  }

  /** Gives the block of that name. */
  get(hash: string): HeldBlock | undefined {
    return this.#blocks.get(hash);
  }

  /** Marks the blocks of one text as just used, the first one last. */
  touch(hashes: readonly string[]): void {
    for (const hash of hashes.toReversed()) {
      const block = this.#blocks.get(hash);
      if (!block) continue;
      this.#blocks.delete(hash);
      this.#blocks.set(hash, block);
    }
  }

  /** Takes a block over; returns how many others had to go. */
  put(block: HeldBlock): number {
    this.delete(block.place.hash);
    this.#blocks.set(block.place.hash, block);
    this.#bytes += block.kv.byteLength;
    let gone = 0;
    for (const hash of this.#blocks.keys()) {
      if (this.#bytes <= this.#cap) break;
      this.delete(hash);
      gone++;
    }
    return gone;
  }

  /** Lets a block go. */
  delete(hash: string): void {
    const block = this.#blocks.get(hash);
    if (!block) return;
    this.#blocks.delete(hash);
    this.#bytes -= block.kv.byteLength;
    block.release();
  }

  /** Removes the blocks of a scope, as in {@linkcode scopesOf}; returns their number. */
  erase(scope: string): number {
    const gone = [...this.#blocks.values()]
      .filter(({ place }) => scopesOf(place.space).includes(scope));
    for (const { place } of gone) this.delete(place.hash);
    return gone.length;
  }
}
