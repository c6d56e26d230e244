/**
 * The keys and values of prompts, computed once: kept in memory, then in a store that
 * other instances share. Whatever fails, the prompt is computed instead.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import type { BlockPlace } from "./block.ts";
import { BlockHashes } from "./block_hashes.ts";
import type { CacheHints } from "./cache_hints.ts";
import type { Lookup, ReadBlock } from "./lookup.ts";
import { HeldBlock } from "./memory/held_block.ts";
import { MemoryCache } from "./memory/memory_cache.ts";
import { ALL_CALLERS, callerSpace, scopesOf } from "./namespace.ts";
import type { PrefixCounters } from "./prefix_counters.ts";
import { SharedPrompts, type SharedPromptsOptions } from "./shared_prompts.ts";
import type { StoredBlocks } from "./store/stored_blocks.ts";

/** What a cache is made of. */
export interface PrefixCacheOptions extends SharedPromptsOptions {
  /** Bytes of a block's keys and values. */
  blockBytes: number;
  /** The most bytes of keys and values in memory. */
  memoryBytes: number;
  /** The second tier, if there is one. */
  stored?: StoredBlocks | undefined;
  /** Why the second tier could not be opened, if it could not. */
  storeFailure?: string | undefined;
  /** Milliseconds to compute a block. */
  computeMs: number;
  counters: PrefixCounters;
}

/** What an erasure did. */
export interface Erasure {
  /** Copies of blocks that were erased, in memory and in the store. */
  blocks: number;
  /** Why the copies in the store are still there; without it, they are erased. */
  failure?: string | undefined;
}

/** A text whose blocks are looked up and kept. */
interface Search {
  text: Int32Array;
  hashed: BlockHashes;
  retention: CacheHints["retention"];
  /** What holds where the request does not say. */
  otherwise?: CacheHints["retention"] | undefined;
  /** Returns whether the namespace was erased since the request began. */
  isErased: () => boolean;
}

/** Finds and keeps the blocks of prompts. */
export class PrefixCache {
  readonly #options: PrefixCacheOptions;
  readonly #memory: MemoryCache;
  readonly #shared: SharedPrompts;
  /** Prefills in progress, by the hash of the first block that each computes. */
  readonly #prefills = new Map<string, Promise<void>>();
  /** Erasures by scope. */
  readonly #erasures = new Map<string, number>();

  constructor(options: PrefixCacheOptions) {
    this.#options = options;
    this.#memory = new MemoryCache(options.memoryBytes);
    this.#shared = new SharedPrompts(options);
  }

  /** What the cache has done so far. */
  get counters(): PrefixCounters {
    return this.#options.counters;
  }

  /** Tokens of a block. */
  get blockTokens(): number {
    return this.#options.blockTokens;
  }

  /** Looks up a caller's prompt, in its own namespace and in the shared one. */
  async lookup(
    prompt: Int32Array,
    { caller, ...hints }: CacheHints,
  ): Promise<Lookup> {
    const space = callerSpace(this.#options.secret, caller);
    return await this.#lookup(prompt, { ...hints, space });
  }

  /** Looks up a prompt of the operator's, and shares its blocks with all callers. */
  async lookupShared(prompt: Int32Array): Promise<Lookup> {
    this.#shared.add(prompt);
    const { space } = this.#shared;
    return await this.#lookup(prompt, { space, salt: "", retention: "24h" });
  }

  /**
   * Erases the blocks of a caller, or of all callers; the operator's own prompts stay.
   * Requests in progress keep none of those blocks.
   */
  async erase(caller?: string): Promise<Erasure> {
    const { secret, stored, storeFailure } = this.#options;
    const scope = caller === undefined
      ? ALL_CALLERS
      : callerSpace(secret, caller);
    this.#erasures.set(scope, (this.#erasures.get(scope) ?? 0) + 1);
    const blocks = this.#memory.erase(scope);
    this.counters.memoryBytes = this.#memory.bytes;
    try {
      const more = await stored?.erase(scope) ?? 0;
      return { blocks: blocks + more, failure: storeFailure };
    } catch (error) {
      return { blocks, failure: (error as Error).message };
    }
  }

  /** Writes what waits for the store at once; resolves when nothing is left. */
  async idle(): Promise<void> {
    await this.#options.stored?.idle();
  }

  /** Closes the store. */
  close(): void {
    this.#options.stored?.close();
  }

  async #lookup(
    prompt: Int32Array,
    { space, salt, retention }: Omit<CacheHints, "caller"> & { space: string },
  ): Promise<Lookup> {
    const { model, stored, computeMs, blockTokens } = this.#options;
    const hashed = new BlockHashes({ model, space, salt }, blockTokens);
    const epoch = this.#epoch(space);
    const isErased = () => this.#epoch(space) !== epoch;
    const search = { text: prompt, hashed, retention, isErased };
    const release = stored?.hold();
    // The last token is always computed, for its logits.
    const places = this.#places(hashed, prompt.subarray(0, -1));
    let held = this.#find(places, search);
    const prefill = this.#prefills.get(places[held.length]?.hash);
    if (prefill) {
      const ms = computeMs * (places.length - held.length);
      await deadline(prefill, ms).catch(() => {});
      held = this.#find(places, search);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = places[held.length]?.hash;
    if (first !== undefined) this.#prefills.set(first, promise);
    for (const block of held) block.retain();
    const loaded = await this.#load(places.slice(held.length), search);
    const found = [...held, ...loaded];
    let done = false;
    this.counters.memoryHits += held.length;
    this.counters.misses += places.length - found.length;
    return {
      blockTokens,
      found,
      keep: (text, read, otherwise) =>
        this.#keep({ ...search, text, otherwise }, found.length, read),
      prefilled: () => {
        if (done) return;
        done = true;
        for (const block of found) block.release();
        resolve();
        if (this.#prefills.get(first) === promise) this.#prefills.delete(first);
        release?.();
      },
    };
  }

  /** Returns where the blocks of a text are kept; shared ones are not the caller's. */
  #places(hashed: BlockHashes, text: Int32Array): BlockPlace[] {
    const { model } = this.#options;
    const { space, hashes } = hashed.extend(text);
    const shared = this.#shared.places(text);
    return hashes.map((hash, i) => shared[i] ?? { model, space, hash });
  }

  /** Finds the first blocks in memory, and notes their use. */
  #find(places: BlockPlace[], { retention }: Search): HeldBlock[] {
    const found: HeldBlock[] = [];
    for (const { hash } of places) {
      const block = this.#memory.get(hash);
      if (!block) break;
      block.hits++;
      found.push(block);
    }
    this.#memory.touch(found.map(({ place }) => place.hash));
    for (const block of found) this.#offer(block, retention);
    return found;
  }

  /** Reads the last blocks of a prompt from the store, and retains them. */
  async #load(places: BlockPlace[], search: Search): Promise<HeldBlock[]> {
    const { text, hashed } = search;
    const from = hashed.hashes.length - places.length;
    const wanted = places.map((place, i) => ({
      place,
      tokens: hashed.tokens(text, from + i),
    }));
    const loaded = await this.#options.stored?.load(wanted) ?? [];
    if (search.isErased()) return [];
    const blocks = loaded.map((block, i) =>
      new HeldBlock({ ...block, ...wanted[i], depth: from + i }).retain()
    );
    for (const block of blocks.toReversed()) this.#hold(block);
    return blocks;
  }

  /** Keeps the blocks of a text from the first that was not found. */
  async #keep(search: Search, from: number, read: ReadBlock): Promise<void> {
    const { text, hashed, retention = search.otherwise } = search;
    const places = this.#places(hashed, text)
      .slice(0, this.#memory.room(this.#options.blockBytes));
    // The last first, since the end of a text is what makes room for others.
    for (let depth = places.length - 1; depth >= from; depth--) {
      const place = places[depth];
      if (this.#memory.get(place.hash)) continue;
      const tokens = hashed.tokens(text, depth);
      const kv = await read(depth);
      if (search.isErased()) return;
      this.#hold(new HeldBlock({ place, tokens, kv, depth }));
    }
    this.#memory.touch(places.map(({ hash }) => hash));
    // The first first, since without it those after it are never found.
    for (const { hash } of places) {
      const block = this.#memory.get(hash);
      if (block) this.#offer(block, retention);
    }
  }

  /** Returns the number of erasures that included a namespace. */
  #epoch(space: string): number {
    return scopesOf(space)
      .reduce((sum, scope) => sum + (this.#erasures.get(scope) ?? 0), 0);
  }

  #hold(block: HeldBlock): void {
    this.counters.memoryEvictions += this.#memory.put(block);
    this.counters.memoryBytes = this.#memory.bytes;
  }

  /** Offers the store a block that is likely to recur. */
  #offer(block: HeldBlock, retention: CacheHints["retention"]): void {
    const recurs = block.hits > 0 && retention === undefined;
    const isShared = block.place.space === this.#shared.space;
    if (recurs || isShared || retention === "24h") {
      this.#options.stored?.offer(block);
    }
  }
}
