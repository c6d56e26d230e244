/**
 * A store whose calls may hang or fail. Every call has a deadline, and after some
 * failures in a row the store is left alone for a while (a circuit breaker).
 *
 * A call cannot be cancelled: Deno retries a remote KV for ever. So calls that were
 * given up are counted, and after too many the connection is closed.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import type { PrefixCounters } from "../prefix_counters.ts";
import type { BlockStore } from "./block_store.ts";

/** Failures in a row after which the store is left alone. */
const MOST_FAILURES = 5;

/** Milliseconds for which it is left alone; then one call tries it. */
const REST_MS = 30_000;

/** Calls given up, but not ended, that cost the connection. */
const MOST_ABANDONED = 8;

/** Those after which there are no calls; closing a connection does not end them. */
const MOST_PENDING = 64;

/** Milliseconds that connecting may take. */
const CONNECT_MS = 2_000;

/** What the guard needs. */
export interface GuardOptions<S = BlockStore> {
  connect: () => Promise<S>;
  counters: PrefixCounters;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
}

/** A call of a store. */
export type StoreCall<T, S = BlockStore> = (store: S) => Promise<T>;

/** Calls a store; connects when first needed, and again after a failure. */
export class GuardedStore<S extends Pick<BlockStore, "close"> = BlockStore> {
  /** Called with each failure that is not a timeout. */
  onFailure: ((error: unknown) => void) | undefined;
  readonly #options: GuardOptions<S>;
  #store: Promise<S> | undefined;
  #abandoned = 0;
  /** Failures in a row. */
  #failures = 0;
  #restsUntil = 0;
  #isClosed = false;

  constructor(options: GuardOptions<S>) {
    this.#options = options;
  }

  /** Calls the store; resolves to `undefined` where {@linkcode tryCall} rejects. */
  async call<T>(call: StoreCall<T, S>, ms: number): Promise<T | undefined> {
    return await this.tryCall(call, ms).catch(() => undefined);
  }

  /**
   * Calls the store.
   *
   * @throws {Error} if it fails, takes longer than `ms` or has failed too often.
   */
  async tryCall<T>(call: StoreCall<T, S>, ms: number): Promise<T> {
    if (!this.#mayCall()) {
      throw new Error("its last calls failed, so it is left alone for a while");
    }
    try {
      const store = await this.#connected();
      const result = await this.#inTime(call(store), ms);
      this.#failures = 0;
      return result;
    } catch (error) {
      this.#noteFailure(error);
      throw error;
    }
  }

  /** Closes the connection for good: later calls fail. */
  close(): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  #disconnect(): void {
    this.#store?.then((store) => store.close()).catch(() => {});
    this.#store = undefined;
  }

  #mayCall(): boolean {
    if (this.#isClosed || this.#abandoned >= MOST_PENDING) return false;
    if (this.#failures < MOST_FAILURES) return true;
    const now = this.#options.now();
    if (now < this.#restsUntil) return false;
    this.#restsUntil = now + REST_MS; // for all calls but this one
    return true;
  }

  #noteFailure(error: unknown): void {
    const { counters, now } = this.#options;
    if (++this.#failures >= MOST_FAILURES) this.#restsUntil = now() + REST_MS;
    if (isTimeout(error)) counters.timeouts++;
    else {
      counters.failures++;
      this.onFailure?.(error);
    }
  }

  async #connected(): Promise<S> {
    const store = this.#store ??= this.#options.connect();
    try {
      return await deadline(store, CONNECT_MS);
    } catch (error) {
      if (this.#store === store) this.#disconnect();
      throw error;
    }
  }

  async #inTime<T>(call: Promise<T>, ms: number): Promise<T> {
    try {
      return await deadline(call, ms);
    } catch (error) {
      if (!isTimeout(error)) throw error;
      const done = () => void this.#abandoned--;
      call.then(done, done);
      if (++this.#abandoned % MOST_ABANDONED === 0) this.#disconnect();
      throw error;
    }
  }
}

/** Returns whether a call was given up because of its deadline. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
