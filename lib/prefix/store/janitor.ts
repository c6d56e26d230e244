/**
 * Keeps a store within its size, and blocks within their lifetimes. Every instance
 * counts; only the one that has the lease removes anything.
 *
 * @module
 */

import type { BlockPlace } from "../block.ts";
import type { PrefixCounters } from "../prefix_counters.ts";
import { chooseEvictions, type Lifetimes } from "./eviction.ts";
import type { GuardedStore } from "./guarded_store.ts";

/** Milliseconds between two sweeps. */
const SWEEP_MS = 60_000;

/** Milliseconds that an instance keeps the lease. */
const LEASE_MS = 120_000;

/** Milliseconds that one call may take. */
const CALL_MS = 10_000;

/** What a janitor needs. */
export interface JanitorOptions {
  store: GuardedStore;
  counters: PrefixCounters;
  capBytes: number;
  /** @default those of blocks */
  lifetimes?: Lifetimes;
  /** Names this instance in leases. */
  owner: string;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** Counts and removes blocks, and records their uses. */
export class Janitor {
  readonly #options: JanitorOptions;
  /** Uses that the store does not know of, by hash. */
  readonly #uses = new Map<string, { place: BlockPlace; used: number }>();
  #sweeping: Promise<void> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: JanitorOptions) {
    this.#options = options;
  }

  /** Begins to sweep every minute. */
  start(): void {
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS);
  }

  /** Ends what {@linkcode start} began. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Notes that a block was used now; the next sweep writes it down. */
  noteUse(place: BlockPlace): void {
    this.#uses.set(place.hash, { place, used: this.#options.now() });
  }

  /** Counts bytes that were written, and sweeps if they are too many. */
  async noteWrite(bytes: number): Promise<void> {
    const { counters, capBytes } = this.#options;
    counters.storeBytes += bytes;
    if (counters.storeBytes > capBytes) await this.sweep();
  }

  /** Writes down the uses, and waits for a sweep in progress. */
  async idle(): Promise<void> {
    await this.#writeUses();
    await this.#sweeping;
  }

  /** Counts the store, and removes what must go. */
  async sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => this.#sweeping = undefined);
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { store, counters, capBytes, lifetimes, owner, now } = this.#options;
    await this.#writeUses();
    const blocks = await store.call((kv) => kv.list(), CALL_MS);
    if (!blocks) return;
    counters.storeBytes = blocks
      .reduce((sum, { entry }) => sum + entry.bytes, 0);
    const gone = chooseEvictions(blocks, { now: now(), capBytes, lifetimes });
    if (gone.length === 0) return;
    const isMine = await store.call(
      (kv) => kv.lease(owner, { now: now(), ms: LEASE_MS }),
      CALL_MS,
    );
    if (!isMine) return;
    for (const { place, entry } of gone) {
      const removed = await store.call((kv) => kv.remove(place), CALL_MS);
      if (!removed) return;
      counters.storeEvictions++;
      counters.storeBytes -= entry.bytes;
    }
  }

  async #writeUses(): Promise<void> {
    const uses = [...this.#uses.values()];
    this.#uses.clear();
    for (const { place, used } of uses) {
      await this.#options.store.call((kv) => kv.touch(place, used), CALL_MS);
    }
  }
}
