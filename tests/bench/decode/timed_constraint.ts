/**
 * A constraint that notes the time that another one takes.
 *
 * @module
 */

import type { Constraint } from "../../../lib/bita/choose/constraint.ts";

/** Times what a constraint does, token by token. */
export class TimedConstraint implements Constraint {
  /** Milliseconds for each token. */
  readonly times: number[] = [];
  #ms = 0;
  readonly #inner: Constraint;

  constructor(inner: Constraint) {
    this.#inner = inner;
  }

  get isComplete(): boolean {
    return this.#inner.isComplete;
  }

  forced = () => this.#time(() => this.#inner.forced());
  mask = () => this.#time(() => this.#inner.mask());
  allows = (before: readonly number[], token: number) =>
    this.#time(() => this.#inner.allows(before, token));

  commit(token: number): void {
    this.#time(() => this.#inner.commit(token));
    this.times.push(this.#ms);
    this.#ms = 0;
  }

  #time<T>(run: () => T): T {
    const begun = performance.now();
    const result = run();
    this.#ms += performance.now() - begun;
    return result;
  }
}
