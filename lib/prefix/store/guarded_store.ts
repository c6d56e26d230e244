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

  /** Asks the store; gives `undefined` if it fails or takes longer than `ms`. */
  async call<T>(
    ask: (store: BlockStore) => Promise<T>,
    ms: number,
  ): Promise<T | undefined> {
    const { counters, now } = this.#options;
    if (this.#abandoned >= MOST_PENDING) return undefined;
    if (!this.#breaker.allows(now())) return undefined;
    try {
      const store = await this.#connected();
      const answer = await this.#inTime(ask(store), ms);
      this.#breaker.succeeded();
      return answer;
    } catch (error) {
      this.#breaker.failed(now());
      if (isTimeout(error)) counters.timeouts++;
      else {
        counters.failures++;
        this.onFailure?.(error);
      }
      return undefined;
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

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
