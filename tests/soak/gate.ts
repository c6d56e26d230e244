/**
 * Streams pass a gate with each request; while it is closed, a sample is taken of a
 * server that has nothing to do.
 *
 * @module
 */

/** A gate; open at first. */
export class Gate {
  #inside = 0;
  #opened: PromiseWithResolvers<void> | undefined;
  #empty: PromiseWithResolvers<void> | undefined;

  /** Does the work once the gate is open. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    while (this.#opened) await this.#opened.promise;
    this.#inside++;
    try {
      return await work();
    } finally {
      if (--this.#inside === 0) this.#empty?.resolve();
    }
  }

  /** Closes the gate, does the work after all that has passed has ended, and opens it. */
  async closed<T>(work: () => Promise<T>): Promise<T> {
    this.#opened = Promise.withResolvers();
    this.#empty = Promise.withResolvers();
    if (this.#inside > 0) await this.#empty.promise;
    try {
      return await work();
    } finally {
      this.#opened.resolve();
      this.#opened = this.#empty = undefined;
    }
  }
}
