/**
 * Counts what callers take of their limits, in one process or, through a store, in
 * several.
 *
 * @module
 */

import {
  type Admission,
  admit,
  type Buckets,
  charge,
  type Limits,
} from "./buckets.ts";

/** Makes the buckets of a caller of what they were. */
export type Change = (before: Buckets | undefined) => Buckets;

/** Keeps the buckets of callers. */
export interface BucketStore {
  /**
   * Changes the buckets of a caller. A change may be tried several times; the last one
   * counts.
   */
  update(caller: string, change: Change): Promise<void>;
}

/** Keeps buckets in memory. */
export class MemoryBuckets implements BucketStore {
  readonly #buckets = new Map<string, Buckets>();

  /** Changes the buckets of a caller. */
  update(caller: string, change: Change): Promise<void> {
    this.#buckets.set(caller, change(this.#buckets.get(caller)));
    return Promise.resolve();
  }
}

/** Limits what callers take. */
export class RateLimiter {
  readonly #store: BucketStore;
  readonly #now: () => number;

  /** @param options.now returns the Unix time in milliseconds. */
  constructor(
    { store = new MemoryBuckets(), now }: {
      store?: BucketStore;
      now: () => number;
    },
  ) {
    this.#store = store;
    this.#now = now;
  }

  /** Admits a request of a caller, or refuses it. */
  async admit(caller: string, limits: Limits): Promise<Admission> {
    let admission!: Admission;
    await this.#store.update(caller, (before) => {
      admission = admit(before, limits, this.#now());
      return admission.buckets;
    });
    return admission;
  }

  /** Takes the tokens of a request that has ended. */
  async charge(caller: string, limits: Limits, tokens: number): Promise<void> {
    if (limits.tokens === undefined || tokens === 0) return;
    await this.#store.update(
      caller,
      (before) => charge(before, limits, { tokens, now: this.#now() }),
    );
  }
}
