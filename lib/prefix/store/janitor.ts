/**
 * Keeps a store within its size and its times. Every instance counts; only the one
 * that holds the lease removes anything.
 *
 * @module
 */

import type { BlockPlace } from "../block.ts";
import { chooseEvictions } from "./eviction.ts";
import type { GuardedStore } from "./guarded_store.ts";
import type { PrefixCounters } from "../prefix_counters.ts";

/** Milliseconds between two sweeps. */
const SWEEP_MS = 60_000;

/** Milliseconds that an instance has the broom. */
const LEASE_MS = 120_000;

/** Milliseconds that a call of this background work may take. */
const PATIENCE_MS = 10_000;

/** What a janitor works with. */
export interface JanitorOptions {
  store: GuardedStore;
  counters: PrefixCounters;
  capBytes: number;
  /** Names this instance among others. */
  owner: string;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** Counts, removes and notes what was used. */
export class Janitor {
  readonly #options: JanitorOptions;
  readonly #used = new Map<string, { place: BlockPlace; used: number }>();
  #sweeping: Promise<void> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: JanitorOptions) {
    this.#options = options;
  }

  /** Sweeps every minute. */
  start(): void {
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS);
  }

  /** Sweeps no more of its own accord. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Remembers that a block was used; the next sweep tells the store. */
  noteUse(place: BlockPlace): void {
    this.#used.set(place.hash, { place, used: this.#options.now() });
  }

  /** Notes bytes that were written since the last count, and makes room if need be. */
  async grown(bytes: number): Promise<void> {
    const { counters, capBytes } = this.#options;
    counters.storeBytes += bytes;
    if (counters.storeBytes > capBytes) await this.sweep();
  }

  /** Tells the store what was used. */
  async tellUses(): Promise<void> {
    const uses = [...this.#used.values()];
    this.#used.clear();
    for (const { place, used } of uses) {
      await this.#options.store.call(
        (kv) => kv.touch(place, used),
        PATIENCE_MS,
      );
    }
  }

  /** Waits for a sweep that is under way. */
  async idle(): Promise<void> {
    await this.#sweeping;
  }

  /** Counts the store, and removes what must go. */
  async sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => this.#sweeping = undefined);
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { store, counters, capBytes, owner, now } = this.#options;
    await this.tellUses();
    const blocks = await store.call((kv) => kv.list(), PATIENCE_MS);
    if (!blocks) return;
    const choice = chooseEvictions(blocks, { now: now(), capBytes });
    counters.storeBytes = blocks.reduce(
      (sum, { entry }) => sum + entry.bytes,
      0,
    );
    if (choice.gone.length === 0) return;
    const mine = await store.call(
      (kv) => kv.lease(owner, { now: now(), ms: LEASE_MS }),
      PATIENCE_MS,
    );
    if (!mine) return;
    for (const { place, entry } of choice.gone) {
      const removed = await store.call(
        (kv) => kv.remove(place).then(() => true),
        PATIENCE_MS,
      );
      if (!removed) return;
      counters.storeEvictions++;
      counters.storeBytes -= entry.bytes;
    }
  }
}
