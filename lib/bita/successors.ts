/**
 * What came after each token, the last time that a row said so: token recycling
 * (arXiv 2408.08696). Rows are computed anyway; what they predicted besides the
 * chosen token is kept for drafts.
 *
 * @module
 */

/** Successors kept for a token. */
export const SUCCESSORS = 4;

/** A table `[vocab, SUCCESSORS]` of the likeliest successors, best first. */
export class SuccessorTable {
  readonly #table: Int32Array;

  /** Makes an empty table. */
  constructor(vocab: number) {
    this.#table = new Int32Array(vocab * SUCCESSORS).fill(-1);
  }

  /** Notes what a row behind `token` predicts, best first. */
  learn(token: number, ids: readonly number[]): void {
    const start = token * SUCCESSORS;
    for (let rank = 0; rank < SUCCESSORS; rank++) {
      this.#table[start + rank] = ids[rank] ?? -1;
    }
  }

  /** Lists what was last predicted behind `token`, best first. */
  of(token: number): number[] {
    const start = token * SUCCESSORS;
    return [...this.#table.subarray(start, start + SUCCESSORS)]
      .filter((id) => id >= 0);
  }
}
