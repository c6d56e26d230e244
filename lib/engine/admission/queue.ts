/**
 * The queue of a model. Requests run in the order of their arrival, as many at once as
 * the places and the memory allow. When too many wait, the next one is refused and
 * receives the time after which to try again.
 *
 * @module
 */

import { ApiError } from "../errors.ts";

/** How many requests run, and how many wait. */
export interface QueueOptions {
  /** The most requests that run at once. */
  maxRunning: number;
  /** The most requests that wait. @default 64 */
  maxWaiting?: number;
  /** KV slots of all running requests together. @default Infinity */
  slots?: number;
  /** Time in milliseconds, from a clock that never goes back. */
  now?: () => number;
}

/** Bounds of the time after which a refused client may come back. */
const RETRY_MS = { least: 250, most: 30_000 };

/** The time before the first measurement. */
const FIRST_RETRY_MS = 1000;

/** Share of the newest interval in the average. */
const NEWEST = 1 / 8;

/** A request that waits for its place. */
interface Waiting {
  slots: number;
  start: () => void;
}

/** Admits requests to one model. */
export class Queue {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #now: () => number;
  readonly #waiting = new Set<Waiting>();
  #freeSlots: number;
  #running = 0;
  /** Average milliseconds between two ends while requests wait. */
  #interval: number | undefined;
  /** Time of the last end, if requests have waited ever since. */
  #lastEnd: number | undefined;

  constructor(
    {
      maxRunning,
      maxWaiting = 64,
      slots = Infinity,
      now = () => performance.now(),
    }: QueueOptions,
  ) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
    this.#freeSlots = slots;
    this.#now = now;
  }

  /** Requests that run. */
  get running(): number {
    return this.#running;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a place and for memory, and returns a handle that frees both when
   * disposed. The slots must not be more than there are in all.
   *
   * @throws {ApiError} 429 if the queue is full.
   * @throws the signal's reason if it aborts before.
   */
  async enter(slots: number, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#waiting.size === 0 && this.#fits(slots)) this.#take(slots);
    else if (this.#waiting.size < this.#maxWaiting) {
      await this.#wait(slots, signal);
    } else throw this.#refusal();
    return { [Symbol.dispose]: () => this.#leave(slots) };
  }

  async #wait(slots: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry = { slots, start: resolve };
    const leave = () => {
      this.#waiting.delete(entry);
      reject(signal.reason);
      this.#admit(); // the next one may need less memory
    };
    this.#waiting.add(entry);
    signal.addEventListener("abort", leave);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #fits(slots: number): boolean {
    return this.#running < this.#maxRunning && slots <= this.#freeSlots;
  }

  #take(slots: number): void {
    this.#running++;
    this.#freeSlots -= slots;
  }

  #leave(slots: number): void {
    this.#running--;
    this.#freeSlots += slots;
    this.#measure();
    this.#admit();
  }

  #admit(): void {
    for (const entry of this.#waiting) {
      if (!this.#fits(entry.slots)) return;
      this.#waiting.delete(entry);
      this.#take(entry.slots);
      entry.start();
    }
  }

  /** Measures how often a request ends while others wait. */
  #measure(): void {
    const now = this.#now();
    if (this.#lastEnd !== undefined) {
      const interval = now - this.#lastEnd;
      this.#interval ??= interval;
      this.#interval += NEWEST * (interval - this.#interval);
    }
    this.#lastEnd = this.#waiting.size > 0 ? now : undefined;
  }

  /** Returns the error of a request beyond the queue, with the time in which half may go. */
  #refusal(): ApiError {
    const half = Math.max(1, this.#waiting.size / 2);
    const expected = this.#interval === undefined
      ? FIRST_RETRY_MS
      : this.#interval * half;
    const { least, most } = RETRY_MS;
    const ms = Math.round(Math.min(Math.max(expected, least), most));
    return new ApiError(
      429,
      `Cannot queue the request: at most ${this.#maxWaiting} may wait: received one more`,
      {
        code: "rate_limit_exceeded",
        headers: {
          "Retry-After": String(Math.ceil(ms / 1000)),
          "retry-after-ms": String(ms),
        },
      },
    );
  }
}
