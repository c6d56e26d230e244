/**
 * Blocks in the memory of this process, up to a cap. The least recently used block is
 * evicted first, and of one text the last.
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

  /** Creates a cache of up to `capBytes` of keys and values. */
  constructor(capBytes: number) {
    this.#cap = capBytes;
  }

  /** Bytes of keys and values in the cache. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns how many blocks of `bytes` each the cache can hold. */
  room(bytes: number): number {
    return Math.floor(this.#cap / bytes);
  }

  /** Returns the block with a hash. */
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

  /** Takes over a block from its creator; returns how many others were evicted. */
  put(block: HeldBlock): number {
    this.#delete(block.place.hash);
    this.#blocks.set(block.place.hash, block);
    this.#bytes += block.kv.byteLength;
    let evicted = 0;
    for (const hash of this.#blocks.keys()) {
      if (this.#bytes <= this.#cap) break;
      this.#delete(hash);
      evicted++;
    }
    return evicted;
  }

  /** Removes the blocks of a scope, as in {@linkcode scopesOf}; returns their number. */
  erase(scope: string): number {
    const erased = [...this.#blocks.values()]
      .filter(({ place }) => scopesOf(place.space).includes(scope));
    for (const { place } of erased) this.#delete(place.hash);
    return erased.length;
  }

  #delete(hash: string): void {
    const block = this.#blocks.get(hash);
    if (!block) return;
    this.#blocks.delete(hash);
    this.#bytes -= block.kv.byteLength;
    block.release();
  }
}
