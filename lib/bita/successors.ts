/**
 * What came after each token, the last time that a row said so: token recycling
 * (arXiv 2408.08696). Rows are computed anyway; what they predicted besides the
 * chosen token is kept for drafts.
 *
 * @module
 */

/** Successors kept for a token. */
export const SUCCESSORS = 4;

/** The most that a token's successor can have been confirmed. */
const MOST_CONFIDENCE = 3;

/** A table `[vocab, SUCCESSORS]` of the likeliest successors, best first. */
export class SuccessorTable {
  readonly #table: Int32Array;
  /** `[vocab]` how often in a row the best successor was the one before, too. */
  readonly #confidence: Uint8Array;

  /** Makes an empty table. */
  constructor(vocab: number) {
    this.#table = new Int32Array(vocab * SUCCESSORS).fill(-1);
    this.#confidence = new Uint8Array(vocab);
  }

  /** Notes what a row behind `token` predicts, best first. */
  learn(token: number, ids: readonly number[]): void {
    const start = token * SUCCESSORS;
    const confirmed = this.#table[start] === ids[0];
    this.#confidence[token] = confirmed
      ? Math.min(MOST_CONFIDENCE, this.#confidence[token] + 1)
      : 0;
    for (let rank = 0; rank < SUCCESSORS; rank++) {
      this.#table[start + rank] = ids[rank] ?? -1;
    }
  }

  /** Tells how often in a row the best one was confirmed, up to a few. */
  confidence(token: number): number {
    return this.#confidence[token];
  }

  /** Lists what was last predicted behind `token`, best first. */
  of(token: number): number[] {
    const start = token * SUCCESSORS;
    return [...this.#table.subarray(start, start + SUCCESSORS)]
      .filter((id) => id >= 0);
  }
}
