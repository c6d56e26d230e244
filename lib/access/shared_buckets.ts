/**
 * Buckets in a store that several servers share. A store that fails stops no request: each
 * server counts by itself then, from what it last knew.
 *
 * @module
 */

import { callerSpace } from "../prefix/namespace.ts";
import type { GuardedStore } from "../prefix/store/guarded_store.ts";
import type { ValueStore } from "../prefix/store/value_store.ts";
import type { Buckets } from "./buckets.ts";
import {
  type BucketStore,
  type Change,
  MemoryBuckets,
} from "./rate_limiter.ts";

/** Milliseconds that a request waits for the store. */
const CALL_MS = 500;

/** Attempts at a commit, while other servers change the same buckets. */
const MOST_ATTEMPTS = 20;

/** What it needs. */
export interface SharedBucketsOptions {
  store: GuardedStore<ValueStore>;
  /** 32 bytes, from which the names of callers in the store derive. */
  secret: Promise<Uint8Array<ArrayBuffer>>;
}

/** Changes that wait for the commit before theirs. */
interface Batch {
  changes: Change[];
  done: Promise<void>;
}

/** Keeps buckets in a store. Changes that come at once are committed together. */
export class SharedBuckets implements BucketStore {
  readonly #options: SharedBucketsOptions;
  readonly #memory = new MemoryBuckets();
  /** The newest batch of each caller, until it has begun. */
  readonly #waiting = new Map<string, Batch>();
  /** Settles when the newest batch of a caller has been committed. */
  readonly #latest = new Map<string, Promise<void>>();

  constructor(options: SharedBucketsOptions) {
    this.#options = options;
    options.secret.catch(() => {}); // Then each server counts by itself.
  }

  /** Changes the buckets of a caller. */
  update(caller: string, change: Change): Promise<void> {
    const waiting = this.#waiting.get(caller);
    if (waiting) {
      waiting.changes.push(change);
      return waiting.done;
    }
    const changes = [change];
    const before = this.#latest.get(caller) ?? Promise.resolve();
    const done = before.then(async () => {
      this.#waiting.delete(caller);
      await this.#commit(
        caller,
        (buckets) =>
          changes.reduce((changed, change) => change(changed), buckets)!,
      );
      if (this.#latest.get(caller) === done) this.#latest.delete(caller);
    });
    this.#waiting.set(caller, { changes, done });
    this.#latest.set(caller, done);
    return done;
  }

  async #commit(caller: string, change: Change): Promise<void> {
    const { store, secret } = this.#options;
    const after = await store.call(async (values) => {
      const name = callerSpace(await secret, caller);
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        const { value, version } = await values.get(name);
        const after = change(isBuckets(value) ? value : undefined);
        if (await values.set(name, after, version)) return after;
      }
    }, CALL_MS);
    await this.#memory.update(caller, after ? () => after : change);
  }
}

function isBuckets(value: unknown): value is Buckets {
  const { at, left } = (value ?? {}) as Partial<Buckets>;
  return typeof at === "number" && typeof left === "object" && left !== null &&
    Object.values(left).every((count) => typeof count === "number");
}
