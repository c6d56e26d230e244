/**
 * The second tier: sealed blocks in a store, read where that is faster than computing
 * them, and written in the background.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import type { Block, BlockPlace } from "../block.ts";
import type { BlockSealer } from "./block_sealer.ts";
import { type DiskGuard, isDiskFull } from "./disk_guard.ts";
import { type GuardedStore, isTimeout } from "./guarded_store.ts";
import type { Janitor } from "./janitor.ts";
import type { HeldBlock } from "../memory/held_block.ts";
import { scopesOf } from "../namespace.ts";
import type { PrefixCounters } from "../prefix_counters.ts";
import { breakEven, type ReadCost } from "./read_cost.ts";
import { WriteQueue } from "./write_queue.ts";

/** Blocks that are read at once. */
const LANES = 4;

/** Share of the time to compute blocks that looking for them may take. */
const PATIENCE = 0.7;

/** Milliseconds that background work may take. */
const BACKGROUND_MS = 10_000;

/** Milliseconds that an erasure may take. */
const ERASE_MS = 600;

/** Milliseconds that it may take along with a connection. */
const CONNECT_AND_ERASE_MS = 700;

/** Milliseconds after which what was erased is not counted any more. */
const COUNT_MS = 850;

/** Milliseconds without writes after the disk was full. */
const FULL_PAUSE_MS = 600_000;

/** Milliseconds after which a block's use is told again. */
const USE_MS = 3_600_000;

/** What the tier is made of. */
export interface StoredBlocksOptions {
  store: GuardedStore;
  sealer: BlockSealer;
  janitor: Janitor;
  counters: PrefixCounters;
  /** The disk of the store, if it is on one of ours. */
  disk?: DiskGuard | undefined;
  read: ReadCost;
  /** Milliseconds to compute a block. */
  computeMs: number;
  /** Bytes of blocks that may wait to be written. */
  queueBytes: number;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** Blocks to look for: their places, and what they must hold. */
export interface Wanted {
  place: BlockPlace;
  tokens: Int32Array;
}

/** A block from the store. */
export interface LoadedBlock extends Block {
  /** When the store last heard of its use, in Unix ms. */
  stored: number;
}

/** Reads and writes blocks; a read or write that fails counts as a miss. */
export class StoredBlocks {
  /** The fewest blocks that are worth reading; `Infinity` if none are. */
  readonly fewest: number;
  readonly #options: StoredBlocksOptions;
  readonly #queue: WriteQueue<HeldBlock>;
  #noWritesUntil = 0;
  /** How often something was erased. */
  #erasures = 0;

  constructor(options: StoredBlocksOptions) {
    this.#options = options;
    this.fewest = breakEven(options);
    options.store.onFailure = (error) => void this.#relieve(error);
    this.#queue = new WriteQueue({
      write: (block) => this.#write(block),
      sizeOf: ({ kv }) => kv.byteLength,
      capBytes: options.queueBytes,
      onDrop: (block) => this.#drop(block),
      clock: { now: () => performance.now(), delay },
    });
  }

  /** Reads the blocks from the first on, as far as they are there and worth it. */
  async load(wanted: readonly Wanted[]): Promise<LoadedBlock[]> {
    if (wanted.length < this.fewest) return [];
    const { store, computeMs, counters } = this.#options;
    const entries = await store.call(
      (kv) => kv.entries(wanted.map(({ place }) => place)),
      PATIENCE * computeMs * wanted.length,
    );
    const gap = entries?.indexOf(undefined) ?? 0;
    const count = gap < 0 ? wanted.length : gap;
    if (count < this.fewest) return [];

    const blocks: (LoadedBlock | undefined)[] = [];
    let next = 0, end = count;
    const patience = PATIENCE * computeMs * count;
    const lane = async () => {
      while (next < end) {
        const index = next++;
        const { place } = wanted[index];
        const block = await this.#read(wanted[index], patience);
        const { used } = entries![index]!;
        if (block) blocks[index] = { ...block, stored: this.#use(place, used) };
        else end = Math.min(end, index);
      }
    };
    const lanes = Array.from({ length: LANES }, lane);
    await deadline(Promise.all(lanes), patience).catch(() => end = 0);
    const loaded: LoadedBlock[] = [];
    for (let block; (block = blocks[loaded.length]);) loaded.push(block);
    counters.storeHits += loaded.length;
    return loaded;
  }

  /** Takes a block to write, unless it is there; tells the store of its use if so. */
  offer(block: HeldBlock): void {
    if (block.stored === undefined) {
      block.stored = this.#options.now();
      this.#queue.push(block.retain());
    } else {
      block.stored = this.#use(block.place, block.stored);
    }
  }

  /** Tells the store of a use, if it has not heard of one lately; says of which it has. */
  #use(place: BlockPlace, heard: number): number {
    const { janitor, now } = this.#options;
    if (now() - heard <= USE_MS) return heard;
    janitor.noteUse(place);
    return now();
  }

  /** Stops writing until the hold that it gives is released. */
  hold(): () => void {
    return this.#queue.hold();
  }

  /** Waits until the store has heard of all. */
  async idle(): Promise<void> {
    await this.#queue.idle();
    await this.#options.janitor.tellUses();
    await this.#options.janitor.idle();
  }

  /**
   * Erases the blocks of a scope for every instance; returns how many there were, or 0
   * if counting them takes too long. Their space is freed in the background.
   *
   * One commit does it, however many blocks there are: it makes older entries void. So
   * there is no half of it after a crash, and the next sweep finds what is to be freed.
   *
   * @throws {Error} if the store does not confirm it within a second.
   */
  async erase(scope: string): Promise<number> {
    const { store, janitor } = this.#options;
    const isErased = ({ place }: { place: BlockPlace }) =>
      scopesOf(place.space).includes(scope);
    const begun = performance.now();
    this.#erasures++; // before the commit: a write under way is void or stops
    this.#queue.drop(isErased);
    const erased = store.tryCall((kv) => kv.erase(scope), ERASE_MS);
    await deadline(erased, CONNECT_AND_ERASE_MS).catch((error: unknown) => {
      throw isTimeout(error) ? new Error("it did not answer in time") : error;
    });
    const rest = COUNT_MS - (performance.now() - begun);
    const blocks = await store.call((kv) => kv.list(), rest) ?? [];
    void janitor.sweep();
    return blocks.filter(isErased).length;
  }

  /** Lets go of the store. */
  close(): void {
    this.#queue.drop();
    this.#options.janitor.stop();
    this.#options.store.close();
  }

  /** Takes some burden from a full disk. */
  async #relieve(error: unknown): Promise<void> {
    const { disk, janitor, now } = this.#options;
    const known = now() < this.#noWritesUntil;
    if (known || !disk || !isDiskFull(error)) return;
    this.#noWritesUntil = now() + FULL_PAUSE_MS;
    await disk.drop();
    await janitor.sweep();
    await disk.load();
  }

  async #read(
    { place, tokens }: Wanted,
    ms: number,
  ): Promise<Block | undefined> {
    const { store, sealer, counters } = this.#options;
    const record = await store.call((kv) => kv.read(place), ms);
    if (!record) return undefined;
    try {
      return await sealer.open(place, record, tokens);
    } catch {
      counters.corrupt++;
      void this.#remove(place);
      return undefined;
    }
  }

  async #write(block: HeldBlock): Promise<void> {
    const { store, sealer, counters, disk, janitor, now } = this.#options;
    const full = now() < this.#noWritesUntil || disk?.hasRoom() === false;
    if (full) return this.#drop(block);
    const erasures = this.#erasures;
    const isCurrent = () => this.#erasures === erasures;
    const record = await sealer.seal(block.place, block);
    const time = now();
    const { depth } = block;
    const entry = { bytes: record.length, depth, created: time, used: time };
    const written = await store.call(
      (kv) => kv.write(block.place, record, entry, isCurrent),
      BACKGROUND_MS,
    );
    if (!written) return this.#drop(block);
    block.release();
    counters.written++;
    await janitor.grown(entry.bytes);
  }

  #drop(block: HeldBlock): void {
    block.stored = undefined;
    block.release();
    this.#options.counters.dropped++;
  }

  #remove(place: BlockPlace): Promise<true | undefined> {
    return this.#options.store.call(
      (kv) => kv.remove(place).then((): true => true),
      BACKGROUND_MS,
    );
  }
}
