/**
 * Ends what goes silent: a signal that aborts unless it hears in time.
 *
 * @module
 */

/** Aborts its signal when nothing has been expected of it anew in time. */
export class Watchdog implements Disposable {
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins to wait; `timeout` is in milliseconds. */
  constructor(timeout: number) {
    this.expect(timeout);
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Forgets the time so far and waits anew, for `timeout` milliseconds. */
  expect(timeout: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Error(`nothing for ${timeout} ms`));
    }, timeout);
  }

  /** Stops waiting. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
