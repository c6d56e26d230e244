/**
 * What followed each token before: token recycling (arXiv 2408.08696), of chosen tokens
 * alone, since a search for all likely ones takes longer than it saves.
 *
 * @module
 */

/** Successors kept for a token. */
const SUCCESSORS = 4;

/** Confirmations that are counted. */
const MOST_CONFIDENCE = 3;

/** A table `[vocab, SUCCESSORS]` of each token's latest successors. */
export class SuccessorTable {
  readonly #table: Int32Array;
  /** `[vocab]` how often in a row the latest successor was the one before, too. */
  readonly #confidence: Uint8Array;

  /** Makes an empty table. */
  constructor(vocab: number) {
    this.#table = new Int32Array(vocab * SUCCESSORS).fill(-1);
    this.#confidence = new Uint8Array(vocab);
  }

  /** Notes what followed `token`. */
  learn(token: number, next: number): void {
    const known = this.of(token);
    if (known[0] === next) {
      const confirmed = this.#confidence[token] + 1;
      this.#confidence[token] = Math.min(MOST_CONFIDENCE, confirmed);
      return;
    }
    this.#confidence[token] = 0;
    const others = known.filter((id) => id !== next);
    const latest = [next, ...others].slice(0, SUCCESSORS);
    this.#table.set(latest, token * SUCCESSORS);
  }

  /** Returns how often in a row the latest successor was confirmed, up to 3. */
  confidence(token: number): number {
    return this.#confidence[token];
  }

  /** Lists what followed `token`, the latest first. */
  of(token: number): number[] {
    const start = token * SUCCESSORS;
    return [...this.#table.subarray(start, start + SUCCESSORS)]
      .filter((id) => id >= 0);
  }
}
