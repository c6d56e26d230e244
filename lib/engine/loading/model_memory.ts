/**
 * The memory for the weights of open models. When another model must open, idle ones go
 * to sleep until it fits, the least recently used first. A model that is answering never
 * does: the other one waits.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";

/** An open model, as the memory sees it. */
export interface Holder {
  /** Whether it is open and has no request. */
  readonly isIdle: boolean;
  /** Puts it to sleep if it is still idle; resolves once its memory is free. */
  sleep(): Promise<void>;
}

/** The memory that a model has taken; disposing of it gives the memory back. */
export interface Place extends Disposable {
  /** Notes that the model has just become idle. */
  rest(): void;
}

/** What is told of the memory of all models. */
interface Idle {
  /** Is called when no model has memory any more. */
  rest(): unknown;
  /** Is called when one is to have some. */
  wake(): void;
}

/** What is taken, and for which model. */
interface Taken {
  holder: Holder;
  bytes: number;
}

/** Divides memory among models. */
export class ModelMemory {
  readonly #bytes: number;
  readonly #idle: Idle;
  /** What has been idle for the longest time comes first. */
  readonly #taken = new Set<Taken>();
  /** Settles when all that have asked for memory so far have it. */
  #turn: Promise<void> = Promise.resolve();
  /** Settles when a model becomes idle or gives its memory back. */
  #change = Promise.withResolvers<void>();

  /**
   * @param bytes are those of all open models together.
   * @param idle is told when none is open.
   */
  constructor(
    bytes: number,
    idle: Idle = { rest() {}, wake() {} },
  ) {
    this.#bytes = bytes;
    this.#idle = idle;
  }

  /** Returns whether a model fits beside those that are open; alone, any does. */
  hasRoom(bytes: number): boolean {
    const used = this.#taken.values().reduce(
      (sum, { bytes }) => sum + bytes,
      0,
    );
    return this.#taken.size === 0 || used + bytes <= this.#bytes;
  }

  /**
   * Takes memory for a model, after those that have asked before.
   *
   * @throws the signal's reason if it aborts before.
   */
  async take(
    holder: Holder,
    { bytes, signal }: { bytes: number; signal: AbortSignal },
  ): Promise<Place> {
    const before = this.#turn;
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    this.#turn = before.then(() => done);
    try {
      await abortable(before, signal);
      while (!this.hasRoom(bytes)) {
        const idle = this.#taken.values().find(({ holder }) => holder.isIdle);
        const change = idle?.holder.sleep() ?? this.#change.promise;
        await abortable(change, signal);
      }
    } finally {
      end();
    }
    this.#idle.wake();
    const taken = { holder, bytes };
    this.#taken.add(taken);
    return {
      rest: () => {
        this.#taken.delete(taken);
        this.#taken.add(taken);
        this.#notify();
      },
      [Symbol.dispose]: () => {
        this.#taken.delete(taken);
        this.#notify();
        if (this.#taken.size === 0) this.#idle.rest();
      },
    };
  }

  #notify(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
