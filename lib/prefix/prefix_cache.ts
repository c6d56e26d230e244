/**
 * Prompts' keys and values, computed once: first in memory, then in a store that
 * other instances share. Whatever goes wrong, a prompt is just computed.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import { BlockChain } from "./block_chain.ts";
import type { CacheHints } from "./cache_hints.ts";
import { HeldBlock } from "./memory/held_block.ts";
import { MemoryCache } from "./memory/memory_cache.ts";
import { callerSpace, sharedSpace } from "./namespace.ts";
import type { PrefixCounters } from "./prefix_counters.ts";
import type { StoredBlocks } from "./store/stored_blocks.ts";
import type { ReadBlock, Visit } from "./visit.ts";

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
  /** Milliseconds to compute a block. */
  computeMs: number;
  counters: PrefixCounters;
}

/** How one text is looked for and kept. */
interface Search {
  prompt: Int32Array;
  /** The caller's own chain, then others that he may read. */
  chains: BlockChain[];
  retention: CacheHints["retention"];
}

/** Finds and keeps the blocks of prompts. */
export class PrefixCache {
  readonly #options: PrefixCacheOptions;
  readonly #memory: MemoryCache;
  /** Prompts under way, by the first block that each has to compute. */
  readonly #running = new Map<string, Promise<void>>();
  /** Whether there are shared prompts. */
  #shares = false;

  constructor(options: PrefixCacheOptions) {
    this.#options = options;
    this.#memory = new MemoryCache(options.memoryBytes);
  }

  /** Tokens a block. */
  get blockTokens(): number {
    return this.#options.blockTokens;
  }

  /** What the cache has done so far. */
  get counters(): PrefixCounters {
    return this.#options.counters;
  }

  /** Looks for a caller's prompt, in his own namespace and in the shared one. */
  async visit(
    prompt: Int32Array,
    { caller, salt, retention }: CacheHints,
  ): Promise<Visit> {
    const { secret } = this.#options;
    const chains = [this.#chain(prompt, callerSpace(secret, caller), salt)];
    if (this.#shares) chains.push(this.#chain(prompt, sharedSpace(secret)));
    return await this.#visit({ prompt, chains, retention });
  }

  /** Looks for a prompt of the operator's, which all callers may then find. */
  async visitShared(prompt: Int32Array): Promise<Visit> {
    this.#shares = true;
    const chains = [this.#chain(prompt, sharedSpace(this.#options.secret))];
    return await this.#visit({ prompt, chains, retention: "24h" });
  }

  /** Forgets a caller's blocks, or all; returns how many copies that were. */
  async erase(caller?: string): Promise<number> {
    const { secret, stored } = this.#options;
    const space = caller === undefined
      ? undefined
      : callerSpace(secret, caller);
    const held = this.#memory.erase(space);
    this.counters.memoryBytes = this.#memory.bytes;
    return held + (await stored?.erase(space) ?? 0);
  }

  /** Waits until nothing is left to write. */
  async idle(): Promise<void> {
    await this.#options.stored?.idle();
  }

  /** Lets go of the store. */
  close(): void {
    this.#options.stored?.close();
  }

  /** Names the blocks that a prompt may begin with; its last token is computed. */
  #chain(prompt: Int32Array, space: string, salt = ""): BlockChain {
    const { model, blockTokens } = this.#options;
    return new BlockChain({ model, space, salt }, blockTokens)
      .extend(prompt.subarray(0, -1));
  }

  async #visit(search: Search): Promise<Visit> {
    const { stored, computeMs, blockTokens } = this.#options;
    const release = stored?.hold();
    const { hashes } = search.chains[0];
    let held = this.#find(search);
    const running = this.#running.get(hashes[held.length]);
    if (running) {
      const patience = computeMs * (hashes.length - held.length);
      await deadline(running, patience).catch(() => {});
      held = this.#find(search);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = hashes[held.length];
    if (first !== undefined) this.#running.set(first, promise);
    for (const block of held) block.retain();
    const loaded = await this.#load(search, held.length);
    const found = [...held, ...loaded];
    let done = false;
    this.counters.memoryHits += held.length;
    this.counters.misses += hashes.length - found.length;
    return {
      blockTokens,
      found,
      keep: (text, read) =>
        this.#keep({ ...search, prompt: text }, { from: found.length, read }),
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

  /** Finds blocks in memory, and notes their use. */
  #find({ chains, retention }: Search): HeldBlock[] {
    const found: HeldBlock[] = [];
    for (let depth = 0; depth < chains[0].hashes.length; depth++) {
      const block = chains
        .map(({ hashes }) => this.#memory.get(hashes[depth]))
        .find((block) => block !== undefined);
      if (!block) break;
      block.hits++;
      found.push(block);
    }
    this.#memory.touch(found.map(({ place }) => place.hash));
    for (const block of found) this.#offer(block, retention);
    return found;
  }

  /** Reads blocks from the store, and retains them. */
  async #load(
    { prompt, chains }: Search,
    from: number,
  ): Promise<HeldBlock[]> {
    const { stored, model } = this.#options;
    const found: HeldBlock[] = [];
    for (const chain of stored ? chains : []) {
      const wanted = chain.hashes.slice(from).map((hash, i) => ({
        place: { model, space: chain.space, hash },
        tokens: chain.tokens(prompt, from + i),
      }));
      const loaded = (await stored!.load(wanted)).map((block, i) =>
        new HeldBlock({ ...block, ...wanted[i], depth: from + i }).retain()
      );
      for (const block of loaded.toReversed()) this.#hold(block);
      found.push(...loaded);
      if (loaded.length > 0) break;
    }
    return found;
  }

  /** Holds the blocks of a text from the first that was not found. */
  async #keep(
    { prompt: text, chains: [chain], retention }: Search,
    { from, read }: { from: number; read: ReadBlock },
  ): Promise<void> {
    const { model, blockBytes } = this.#options;
    const { space, hashes } = chain.extend(text);
    const kept = hashes.slice(0, this.#memory.room(blockBytes));
    // The last first: what makes room for others is the end of a text.
    for (let depth = kept.length - 1; depth >= from; depth--) {
      const hash = kept[depth];
      if (this.#memory.get(hash)) continue;
      const tokens = chain.tokens(text, depth);
      const kv = await read(depth);
      const place = { model, space, hash };
      this.#hold(new HeldBlock({ place, tokens, kv, depth }));
    }
    this.#memory.touch(kept);
    // The first first: without it, nobody finds those behind it.
    for (const hash of kept) {
      const block = this.#memory.get(hash);
      if (block) this.#offer(block, retention);
    }
  }

  #hold(block: HeldBlock): void {
    this.counters.memoryEvictions += this.#memory.put(block);
    this.counters.memoryBytes = this.#memory.bytes;
  }

  /** Lets the store have a block that is worth it. */
  #offer(block: HeldBlock, retention: CacheHints["retention"]): void {
    const recurs = block.hits > 0 && retention === undefined;
    if (recurs || retention === "24h") this.#options.stored?.offer(block);
  }
}
