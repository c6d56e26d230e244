/**
 * The keys and values of prompts, computed once: kept in memory, then in a store that
 * other instances share. Whatever fails, the prompt is computed instead.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import type { BlockPlace } from "./block.ts";
import { BlockChain } from "./block_chain.ts";
import type { CacheHints } from "./cache_hints.ts";
import { HeldBlock } from "./memory/held_block.ts";
import { MemoryCache } from "./memory/memory_cache.ts";
import {
  ALL_CALLERS,
  callerSpace,
  scopesOf,
  sharedSpace,
} from "./namespace.ts";
import type { PrefixCounters } from "./prefix_counters.ts";
import type { StoredBlocks } from "./store/stored_blocks.ts";
import type { Lookup, ReadBlock } from "./lookup.ts";

/** What a cache is made of. */
export interface PrefixCacheOptions {
  /** Names all that can change a bit of a key or value. */
  model: string;
  secret: Uint8Array<ArrayBuffer>;
  blockTokens: number;
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

/** A text that is looked up and kept. */
interface Search {
  text: Int32Array;
  chain: BlockChain;
  /** The same text in the namespace of the operator's prompts, for callers. */
  shared?: BlockChain | undefined;
  retention: CacheHints["retention"];
  /** How often the namespace had been erased when the request began. */
  epoch: number;
}

/** Finds and keeps the blocks of prompts. */
export class PrefixCache {
  readonly #options: PrefixCacheOptions;
  readonly #memory: MemoryCache;
  /** Prefills under way, by the first block that each computes. */
  readonly #running = new Map<string, Promise<void>>();
  /** Hashes of the operator's own blocks. */
  readonly #shared = new Set<string>();
  readonly #sharedSpace: string;
  /** Erasures by scope. */
  readonly #erasures = new Map<string, number>();

  constructor(options: PrefixCacheOptions) {
    this.#options = options;
    this.#memory = new MemoryCache(options.memoryBytes);
    this.#sharedSpace = sharedSpace(options.secret);
  }

  /** Tokens a block. */
  get blockTokens(): number {
    return this.#options.blockTokens;
  }

  /** What the cache has done so far. */
  get counters(): PrefixCounters {
    return this.#options.counters;
  }

  /** Looks up a caller's prompt, in its own namespace and in the shared one. */
  async lookup(
    prompt: Int32Array,
    { caller, salt, retention }: CacheHints,
  ): Promise<Lookup> {
    const space = callerSpace(this.#options.secret, caller);
    const chain = this.#chain(prompt, space, salt);
    const shared = this.#shared.size > 0
      ? this.#chain(prompt, this.#sharedSpace)
      : undefined;
    const epoch = this.#epoch(space);
    return await this.#lookup({
      text: prompt,
      chain,
      shared,
      retention,
      epoch,
    });
  }

  /** Looks up a prompt of the operator's, and has all callers share its blocks. */
  async lookupShared(prompt: Int32Array): Promise<Lookup> {
    const space = this.#sharedSpace;
    const chain = this.#chain(prompt, space);
    for (const hash of this.#chain(prompt, space).extend(prompt).hashes) {
      this.#shared.add(hash);
    }
    const epoch = this.#epoch(space);
    return await this.#lookup({ text: prompt, chain, retention: "24h", epoch });
  }

  /**
   * Erases the blocks of a caller, or of all callers. The operator's own prompts stay.
   * Requests under way keep none of their blocks.
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

  /** Waits until nothing is left to write. */
  async idle(): Promise<void> {
    await this.#options.stored?.idle();
  }

  /** Closes the store. */
  close(): void {
    this.#options.stored?.close();
  }

  /** Names the blocks that a prompt may begin with; its last token is computed. */
  #chain(prompt: Int32Array, space: string, salt = ""): BlockChain {
    const { model, blockTokens } = this.#options;
    return new BlockChain({ model, space, salt }, blockTokens)
      .extend(prompt.subarray(0, -1));
  }

  #epoch(space: string): number {
    return scopesOf(space)
      .reduce((sum, scope) => sum + (this.#erasures.get(scope) ?? 0), 0);
  }

  /** Returns where the blocks of a text are kept, the operator's own in his namespace. */
  #places({ chain, shared }: Search): BlockPlace[] {
    const { model } = this.#options;
    return chain.hashes.map((hash, depth) => {
      const common = shared?.hashes[depth] ?? "";
      return this.#shared.has(common)
        ? { model, space: this.#sharedSpace, hash: common }
        : { model, space: chain.space, hash };
    });
  }

  async #lookup(search: Search): Promise<Lookup> {
    const { stored, computeMs, blockTokens } = this.#options;
    const release = stored?.hold();
    const places = this.#places(search);
    let held = this.#find(places, search);
    const running = this.#running.get(places[held.length]?.hash);
    if (running) {
      const patience = computeMs * (places.length - held.length);
      await deadline(running, patience).catch(() => {});
      held = this.#find(places, search);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = places[held.length]?.hash;
    if (first !== undefined) this.#running.set(first, promise);
    for (const block of held) block.retain();
    const loaded = await this.#load(places.slice(held.length), search);
    const found = [...held, ...loaded];
    let done = false;
    this.counters.memoryHits += held.length;
    this.counters.misses += places.length - found.length;
    return {
      blockTokens,
      found,
      keep: (text, read) =>
        this.#keep({ ...search, text }, { from: found.length, read }),
      prefilled: () => {
        if (done) return;
        done = true;
        for (const block of found) block.release();
        resolve();
        if (this.#running.get(first) === promise) this.#running.delete(first);
        release?.();
      },
    };
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
    const { text, chain } = search;
    const from = chain.hashes.length - places.length;
    const wanted = places.map((place, i) => ({
      place,
      tokens: chain.tokens(text, from + i),
    }));
    const loaded = await this.#options.stored?.load(wanted) ?? [];
    if (this.#isErased(search)) return [];
    const blocks = loaded.map((block, i) =>
      new HeldBlock({ ...block, ...wanted[i], depth: from + i }).retain()
    );
    for (const block of blocks.toReversed()) this.#hold(block);
    return blocks;
  }

  /** Holds the blocks of a text from the first that was not found. */
  async #keep(
    search: Search,
    { from, read }: { from: number; read: ReadBlock },
  ): Promise<void> {
    const { text, chain, retention } = search;
    if (this.#isErased(search)) return;
    chain.extend(text);
    const places = this.#places(search)
      .slice(0, this.#memory.room(this.#options.blockBytes));
    // The last first: what makes room for others is the end of a text.
    for (let depth = places.length - 1; depth >= from; depth--) {
      const place = places[depth];
      if (this.#memory.get(place.hash)) continue;
      const tokens = chain.tokens(text, depth);
      const kv = await read(depth);
      if (this.#isErased(search)) return;
      this.#hold(new HeldBlock({ place, tokens, kv, depth }));
    }
    this.#memory.touch(places.map(({ hash }) => hash));
    // The first first: without it, those after it are never found.
    for (const { hash } of places) {
      const block = this.#memory.get(hash);
      if (block) this.#offer(block, retention);
    }
  }

  /** Returns whether the text's namespace was erased since the request began. */
  #isErased({ chain, epoch }: Search): boolean {
    return this.#epoch(chain.space) !== epoch;
  }

  #hold(block: HeldBlock): void {
    this.counters.memoryEvictions += this.#memory.put(block);
    this.counters.memoryBytes = this.#memory.bytes;
  }

  /** Offers the store a block that is likely to be asked for again. */
  #offer(block: HeldBlock, retention: CacheHints["retention"]): void {
    const recurs = block.hits > 0 && retention === undefined;
    const isShared = block.place.space === this.#sharedSpace;
    if (recurs || isShared || retention === "24h") {
      this.#options.stored?.offer(block);
    }
  }
}
