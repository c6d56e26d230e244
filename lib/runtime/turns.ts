/**
 * Runs sessions one after the other. ONNX Runtime for the web refuses two at once, and
 * native threads would only take the processors from each other.
 *
 * @module
 */

/** What a session computes in one run. */
export interface Work {
  part: "body" | "head" | "draft";
  rows: number;
  sequences: number;
  /** How many of the sequences have rows of a prompt, 0 by default. */
  prompts?: number;
}

/** Work and the milliseconds that it took. */
export type TimedWork = Work & { ms: number };

/** What observes the work, and by which clock. */
export interface TurnsOptions {
  onWork(work: TimedWork): void;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
}

/** Runs sessions one at a time, in the order in which they are called. */
export class Turns {
  readonly #options: TurnsOptions;
  #last: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Runs `run` after all before it, failed ones included. */
  take<T>(work: Work, run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => this.#time(work, run));
    this.#last = result.catch(() => {}); // the caller gets the failure
    return result;
  }

  /** @throws {Error} if no session may run any more. */
  checkOpen(): void {
    if (!this.#isOver) return;
    throw new Error(
      "Cannot run the model: it must be open: received a run after its end",
    );
  }

  /** Resolves once the session that runs now is done; no other runs after it. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#last;
  }

  async #time<T>(work: Work, run: () => Promise<T>): Promise<T> {
    const { onWork, now } = this.#options;
    this.checkOpen();
    const begun = now();
    const result = await run();
    onWork({ ...work, ms: now() - begun });
    return result;
  }
}
