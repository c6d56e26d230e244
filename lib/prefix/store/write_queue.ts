/**
 * Blocks on their way to the store: one after the other, with pauses, and never while
 * a prompt is being read. What doesn't fit in the line any more is dropped: those who
 * wait are beginnings, without which nobody finds the ends.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/** Time that the store has for others, as a multiple of that for writing. */
const PAUSE = 3;

/** How blocks leave. */
export interface WriteQueueOptions<T> {
  /** Writes one; must not throw. */
  write: (item: T) => Promise<void>;
  /** Bytes that an item takes. */
  sizeOf: (item: T) => number;
  /** The most bytes that wait. */
  capBytes: number;
  /** Hears of each item that is dropped. */
  onDrop: (item: T) => void;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
}

/** A bounded line with one writer at its end. */
export class WriteQueue<T> {
  readonly #options: WriteQueueOptions<T>;
  readonly #items: T[] = [];
  #bytes = 0;
  #holds = 0;
  #released = Promise.withResolvers<void>();
  #writing = false;
  #written = Promise.resolve();

  constructor(options: WriteQueueOptions<T>) {
    this.#options = options;
    this.#released.resolve();
  }

  /** Puts an item at the end of the line, or drops it. */
  push(item: T): void {
    const { sizeOf, capBytes, onDrop } = this.#options;
    const bytes = this.#bytes + sizeOf(item);
    if (bytes > capBytes) return onDrop(item);
    this.#items.push(item);
    this.#bytes = bytes;
    if (!this.#writing) this.#written = this.#writeAll();
  }

  /** Stops writing until the hold that it gives is released. */
  hold(): () => void {
    if (this.#holds++ === 0) this.#released = Promise.withResolvers();
    let held = true;
    return () => {
      if (held && --this.#holds === 0) this.#released.resolve();
      held = false;
    };
  }

  /** Drops all that waits. */
  clear(): void {
    while (this.#items.length > 0) this.#options.onDrop(this.#take()!);
  }

  /** Waits until nothing is left to write. */
  async idle(): Promise<void> {
    await this.#written;
  }

  async #writeAll(): Promise<void> {
    const { write, now } = this.#options;
    this.#writing = true;
    while (this.#items.length > 0) {
      await this.#released.promise;
      const item = this.#take();
      if (!item) break;
      const before = now();
      await write(item);
      if (this.#items.length > 0) await delay(PAUSE * (now() - before));
    }
    // At once, not a microtask later: an item that comes now starts a writer.
    this.#writing = false;
  }

  #take(): T | undefined {
    const item = this.#items.shift();
    if (item) this.#bytes -= this.#options.sizeOf(item);
    return item;
  }
}
