/**
 * The second tier: sealed blocks in a store, read where that is faster than computing
 * them, and written in the background.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import type { Block, BlockPlace } from "../block.ts";
import type { HeldBlock } from "../memory/held_block.ts";
import { scopesOf } from "../namespace.ts";
import type { PrefixCounters } from "../prefix_counters.ts";
import type { BlockSealer } from "./block_sealer.ts";
import { type DiskGuard, isDiskFull } from "./disk_guard.ts";
import { type GuardedStore, isTimeout } from "./guarded_store.ts";
import type { Janitor } from "./janitor.ts";
import { breakEven, type ReadCost } from "./read_cost.ts";
import { WriteQueue } from "./write_queue.ts";

/** Blocks that are read at once. */
const READERS = 4;

/** The most time for reading blocks, as a share of the time to compute them. */
const READ_SHARE = 0.7;

/** Milliseconds that one call in the background may take. */
const BACKGROUND_MS = 10_000;

/** Milliseconds that the commit of an erasure may take. */
const ERASE_MS = 600;

/** Milliseconds that the commit may take along with connecting. */
const CONNECT_AND_ERASE_MS = 700;

/** Milliseconds after which erased blocks are not counted any more. */
const COUNT_MS = 850;

/** Milliseconds without writes after the disk was full. */
const FULL_PAUSE_MS = 600_000;

/** Milliseconds after which another use of a block is recorded. */
const USE_MS = 3_600_000;

/** What the tier is made of. */
export interface StoredBlocksOptions {
  store: GuardedStore;
  sealer: BlockSealer;
  janitor: Janitor;
  counters: PrefixCounters;
  /** The disk of the store, if it is a local one. */
  disk?: DiskGuard | undefined;
  read: ReadCost;
  /** Milliseconds to compute a block. */
  computeMs: number;
  /** Bytes of blocks that may wait to be written. */
  queueBytes: number;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** A block to read: its place, and the tokens that it must be of. */
export interface Wanted {
  place: BlockPlace;
  tokens: Int32Array;
}

/** A block from the store. */
export interface LoadedBlock extends Block {
  /** Its last use in the store, in Unix ms. */
  stored: number;
}

/** Reads and writes blocks; a read that fails is a miss, a write is dropped. */
export class StoredBlocks {
  /** The fewest blocks that are worth reading; `Infinity` if none are. */
  readonly fewest: number;
  readonly #options: StoredBlocksOptions;
  readonly #queue: WriteQueue<HeldBlock>;
  #noWritesUntil = 0;
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

  /** Reads the first of the blocks, as many as are there and worth it. */
  async load(wanted: readonly Wanted[]): Promise<LoadedBlock[]> {
    if (wanted.length < this.fewest) return [];
    const { store, computeMs, counters } = this.#options;
    const entries = await store.call(
      (kv) => kv.entries(wanted.map(({ place }) => place)),
      READ_SHARE * computeMs * wanted.length,
    );
    const gap = entries?.indexOf(undefined) ?? 0;
    const count = gap < 0 ? wanted.length : gap;
    if (count < this.fewest) return [];

    const blocks: (LoadedBlock | undefined)[] = [];
    let next = 0, end = count;
    const ms = READ_SHARE * computeMs * count;
    const readSome = async () => {
      while (next < end) {
        const index = next++;
        const { place } = wanted[index];
        const block = await this.#read(wanted[index], ms);
        const { used } = entries![index]!;
        if (block) {
          blocks[index] = { ...block, stored: this.#noteUse(place, used) };
        } else end = Math.min(end, index);
      }
    };
    const readers = Array.from({ length: READERS }, readSome);
    await deadline(Promise.all(readers), ms).catch(() => end = 0);
    const loaded: LoadedBlock[] = [];
    for (let block; (block = blocks[loaded.length]);) loaded.push(block);
    counters.storeHits += loaded.length;
    return loaded;
  }

  /** Queues a block to be written, or notes its use if it is stored. */
  offer(block: HeldBlock): void {
    if (block.stored === undefined) {
      block.stored = this.#options.now();
      this.#queue.push(block.retain());
    } else block.stored = this.#noteUse(block.place, block.stored);
  }

  /** Delays writes until the returned function is called, but not for ever. */
  hold(): () => void {
    return this.#queue.hold();
  }

  /** Writes what waits at once; resolves when nothing is left. */
  async idle(): Promise<void> {
    await this.#queue.idle();
    await this.#options.janitor.idle();
  }

  /**
   * Erases the blocks of a scope for every instance; returns how many there were, or 0
   * if counting them takes too long. Their space is freed in the background.
   *
   * One commit voids all older entries, however many there are. So no crash leaves half
   * an erasure, and what is still to be freed is found by the next sweep.
   *
   * @throws {Error} if the store does not confirm the commit within a second.
   */
  async erase(scope: string): Promise<number> {
    const { store, janitor } = this.#options;
    const isErased = ({ place }: { place: BlockPlace }) =>
      scopesOf(place.space).includes(scope);
    const begun = performance.now();
    this.#erasures++; // before the commit: a write in progress stops or is void
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

  /** Drops what waits to be written, and closes the store. */
  close(): void {
    this.#queue.drop();
    this.#options.janitor.stop();
    this.#options.store.close();
  }

  /** Has the janitor record a use, at most once an hour; returns the recorded one. */
  #noteUse(place: BlockPlace, recorded: number): number {
    const { janitor, now } = this.#options;
    if (now() - recorded <= USE_MS) return recorded;
    janitor.noteUse(place);
    return now();
  }

  /** Makes room on a disk that is full. */
  async #relieve(error: unknown): Promise<void> {
    const { disk, janitor, now } = this.#options;
    const isKnown = now() < this.#noWritesUntil;
    if (isKnown || !disk || !isDiskFull(error)) return;
    this.#noWritesUntil = now() + FULL_PAUSE_MS;
    await disk.dropBallast();
    await janitor.sweep();
    await disk.addBallast();
  }

  async #read({ place, tokens }: Wanted, ms: number) {
    const { store, sealer, counters } = this.#options;
    const record = await store.call((kv) => kv.read(place), ms);
    if (!record) return undefined;
    try {
      return await sealer.open(place, record, tokens);
    } catch {
      counters.corrupt++;
      void store.call((kv) => kv.remove(place), BACKGROUND_MS);
      return undefined;
    }
  }

  async #write(block: HeldBlock): Promise<void> {
    const { store, counters, disk, janitor, now } = this.#options;
    const isFull = now() < this.#noWritesUntil || disk?.hasRoom() === false;
    if (isFull) return this.#drop(block);
    const erasures = this.#erasures;
    const isCurrent = () => this.#erasures === erasures;
    const record = await this.#seal(block);
    if (!record) return this.#drop(block);
    const [time, bytes] = [now(), record.length];
    const entry = { bytes, depth: block.depth, created: time, used: time };
    const isWritten = await store.call(
      (kv) => kv.write(block.place, record, entry, isCurrent),
      BACKGROUND_MS,
    );
    if (!isWritten) return this.#drop(block);
    block.release();
    counters.written++;
    await janitor.noteWrite(bytes);
  }

  /** Returns the record of a block, or nothing if its device is lost. */
  async #seal({ place, tokens, kv }: HeldBlock) {
    const { sealer } = this.#options;
    if (!("free" in kv)) return await sealer.seal(place, { tokens, kv });
    const read = await kv.read().catch(() => undefined);
    if (!read) return undefined;
    const record = await sealer.seal(place, { tokens, kv: read });
    read.buffer.transfer(0);
    return record;
  }

  #drop(block: HeldBlock): void {
    block.stored = undefined;
    block.release();
    this.#options.counters.dropped++;
  }
}
