/**
 * A store that may hang, fail or lie, kept at arm's length: every call has a deadline,
 * a failure is the same as nothing found, and who fails often is left alone.
 *
 * Calls can't be cancelled: Deno asks a remote KV for ever. So calls that were given
 * up are counted, and too many of them cost the connection.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import type { BlockStore } from "./block_store.ts";
import { CircuitBreaker } from "./circuit_breaker.ts";
import type { PrefixCounters } from "../prefix_counters.ts";

/** Calls given up and still under way that cost the connection. */
const MOST_ABANDONED = 8;

/** Those that cost the store; closing a connection does not end them. */
const MOST_PENDING = 64;

/** Milliseconds that a connection may take to come about. */
const CONNECT_MS = 2_000;

/** What the guard needs from outside. */
export interface GuardOptions {
  connect: () => Promise<BlockStore>;
  counters: PrefixCounters;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
}

/** Calls a store; connects when first needed, and anew after a breakdown. */
export class GuardedStore {
  /** Hears of each failure that is no timeout. */
  onFailure: ((error: unknown) => void) | undefined;
  readonly #options: GuardOptions;
  readonly #breaker = new CircuitBreaker();
  #store: Promise<BlockStore> | undefined;
  #abandoned = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Calls the store; resolves to `undefined` where {@linkcode tryCall} rejects. */
  async call<T>(
    use: (store: BlockStore) => Promise<T>,
    ms: number,
  ): Promise<T | undefined> {
    return await this.tryCall(use, ms).catch(() => undefined);
  }

  /**
   * Calls the store.
   *
   * @throws {Error} if it fails, takes longer than `ms` or has failed too often.
   */
  async tryCall<T>(
    use: (store: BlockStore) => Promise<T>,
    ms: number,
  ): Promise<T> {
    const { counters, now } = this.#options;
    if (this.#abandoned >= MOST_PENDING || !this.#breaker.allows(now())) {
      throw new Error("its last calls failed, so it is left alone for a while");
    }
    try {
      const store = await this.#connected();
      const answer = await this.#inTime(use(store), ms);
      this.#breaker.succeeded();
      return answer;
    } catch (error) {
      this.#breaker.failed(now());
      if (isTimeout(error)) counters.timeouts++;
      else {
        counters.failures++;
        this.onFailure?.(error);
      }
      throw error;
    }
  }

  /** Lets the connection go. */
  close(): void {
    this.#store?.then((store) => store.close()).catch(() => {});
    this.#store = undefined;
  }

  async #connected(): Promise<BlockStore> {
    const store = this.#store ??= this.#options.connect();
    try {
      return await deadline(store, CONNECT_MS);
    } catch (error) {
      if (this.#store === store) this.close();
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
      if (++this.#abandoned % MOST_ABANDONED === 0) this.close();
      throw error;
    }
  }
}

/** Returns whether a call was given up for its time. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
