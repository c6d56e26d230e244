/**
 * Stops asking somebody who doesn't answer: after some failures in a row nobody asks
 * for a while, then one asks first.
 *
 * @module
 */

const MOST_FAILURES = 5;
const OPEN_MS = 30_000;

/** Counts failures; times are milliseconds of a clock that never goes back. */
export class CircuitBreaker {
  #failures = 0;
  #openUntil = 0;

  /** Tells whether one may ask now; after a pause, that is one caller alone. */
  allows(now: number): boolean {
    if (this.#failures < MOST_FAILURES) return true;
    if (now < this.#openUntil) return false;
    this.#openUntil = now + OPEN_MS;
    return true;
  }

  /** Hears of an answer. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Hears of a failure. */
  failed(now: number): void {
    if (++this.#failures >= MOST_FAILURES) this.#openUntil = now + OPEN_MS;
  }
}
