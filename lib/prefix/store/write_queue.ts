/**
 * A bounded queue of blocks to write to the store: one at a time, with pauses, and
 * after the prefills that are under way. A block that does not fit is dropped: the
 * blocks before it are the beginnings of texts, without which no end is found.
 *
 * @module
 */

/** Length of the pause after a write, as a multiple of the write's. */
const PAUSE = 3;

/**
 * Milliseconds that prefills may delay a write. The store's one thread is busy for 5 to
 * 35 ms a block, so at this pace a prefill loses at most a thirtieth.
 */
const MOST_HELD_MS = 1_000;

/** A clock that never goes back. */
export interface QueueClock {
  /** Returns the time in milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects when the signal aborts. */
  delay(ms: number, options?: { signal: AbortSignal }): Promise<void>;
}

/** How items are written. */
export interface WriteQueueOptions<T> {
  /** Writes an item; must not throw. */
  write: (item: T) => Promise<void>;
  /** Returns the bytes of an item. */
  sizeOf: (item: T) => number;
  /** The most bytes that may wait. */
  capBytes: number;
  /** Called with each item that is dropped. */
  onDrop: (item: T) => void;
  clock: QueueClock;
}

/** A bounded queue with one writer. */
export class WriteQueue<T> {
  readonly #options: WriteQueueOptions<T>;
  readonly #items: T[] = [];
  #bytes = 0;
  #holds = 0;
  #released = Promise.withResolvers<void>();
  #writing = false;
  #written = Promise.resolve();
  /** Aborts pauses while all that waits is to be written at once. */
  #haste = new AbortController();
  #hurried = 0;

  constructor(options: WriteQueueOptions<T>) {
    this.#options = options;
    this.#released.resolve();
  }

  /** Appends an item, or drops it if it does not fit. */
  push(item: T): void {
    const { sizeOf, capBytes, onDrop } = this.#options;
    const bytes = this.#bytes + sizeOf(item);
    if (bytes > capBytes) return onDrop(item);
    this.#items.push(item);
    this.#bytes = bytes;
    if (!this.#writing) this.#written = this.#writeAll();
  }

  /** Delays writes until the returned function is called, or for a second each. */
  hold(): () => void {
    if (this.#holds++ === 0) this.#released = Promise.withResolvers();
    let held = true;
    return () => {
      if (held && --this.#holds === 0) this.#released.resolve();
      held = false;
    };
  }

  /** Drops the waiting items that match; without `matches`, all of them. */
  drop(matches: (item: T) => boolean = () => true): void {
    for (const item of this.#items.splice(0)) {
      if (matches(item)) {
        this.#bytes -= this.#options.sizeOf(item);
        this.#options.onDrop(item);
      } else this.#items.push(item);
    }
  }

  /** Writes all that waits without pauses; resolves when nothing is left. */
  async idle(): Promise<void> {
    this.#hurried++;
    this.#haste.abort();
    await this.#written;
    if (--this.#hurried === 0) this.#haste = new AbortController();
  }

  async #writeAll(): Promise<void> {
    const { write, clock } = this.#options;
    this.#writing = true;
    while (this.#items.length > 0) {
      await this.#unheld();
      const item = this.#take();
      if (!item) break;
      const before = clock.now();
      await write(item);
      if (this.#items.length > 0) {
        await this.#pause(PAUSE * (clock.now() - before));
      }
    }
    // At once, not a microtask later, so that an item that comes now is written.
    this.#writing = false;
  }

  /** Waits until nothing holds the queue, but not for ever. */
  async #unheld(): Promise<void> {
    if (this.#holds === 0) return;
    const timer = new AbortController();
    const late = this.#pause(MOST_HELD_MS, timer.signal);
    await Promise.race([this.#released.promise, late]);
    timer.abort();
  }

  /** Waits, unless all is to be written at once. */
  async #pause(ms: number, ends?: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([this.#haste.signal, ...ends ? [ends] : []]);
    if (signal.aborted) return;
    await this.#options.clock.delay(ms, { signal }).catch(() => {});
  }

  #take(): T | undefined {
    const item = this.#items.shift();
    if (item) this.#bytes -= this.#options.sizeOf(item);
    return item;
  }
}
