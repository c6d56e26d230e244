/**
 * The requests that wait for a model or are in it, counted, so that a model without any
 * can go to sleep.
 *
 * @module
 */

import type { Engine } from "../generation.ts";

/** Counts requests. */
export class Requests {
  readonly #onRest: (signal: AbortSignal) => void;
  #count = 0;
  /** Settles when there is none. */
  #none = Promise.withResolvers<void>();
  /** Aborts when the model need not sleep after all. */
  #waking = new AbortController();

  /**
   * @param onRest is called each time that there is none any more; the signal aborts with
   * the next one.
   */
  constructor(onRest: (signal: AbortSignal) => void) {
    this.#onRest = onRest;
    this.#none.resolve();
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Settles when there is none. */
  get none(): Promise<void> {
    return this.#none.promise;
  }

  /** Counts a request until the handle is disposed of. */
  enter(): Disposable {
    if (this.#count++ === 0) this.#none = Promise.withResolvers();
    this.#waking.abort();
    return {
      [Symbol.dispose]: () => {
        if (--this.#count > 0) return;
        this.#none.resolve();
        this.rest();
      },
    };
  }

  /** Returns an engine whose requests are counted. */
  counted(engine: Engine): Engine {
    const enter = () => this.enter();
    return {
      ...engine,
      texts: {
        async run(...args) {
          using _ = enter();
          return await engine.texts.run(...args);
        },
      },
      async encode(...args) {
        using _ = enter();
        return await engine.encode(...args);
      },
      async embed(...args) {
        using _ = enter();
        return await engine.embed(...args);
      },
      async decide(...args) {
        using _ = enter();
        return await engine.decide(...args);
      },
      async *generate(...args) {
        using _ = enter();
        yield* engine.generate(...args);
      },
    };
  }

  /** Begins a rest if there is none. */
  rest(): void {
    if (this.#count > 0) return;
    this.#waking.abort();
    this.#waking = new AbortController();
    this.#onRest(this.#waking.signal);
  }

  /** Ends the rest, as the model is closed. */
  close(): void {
    this.#waking.abort();
  }
}
