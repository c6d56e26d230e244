/**
 * Token recycling (arXiv 2408.08696): remembers the tokens that followed each token.
 * Only chosen tokens are stored, since finding all likely ones costs more than it saves.
 *
 * @module
 */

/** Successors that are kept for a token. */
const SUCCESSORS = 4;

/** Highest number of confirmations that is counted. */
const MOST_CONFIDENCE = 3;

/** A table `[vocab, SUCCESSORS]` of each token's latest successors. */
export class SuccessorTable {
  readonly #table: Int32Array;
  /** `[vocab]` how often in a row the latest successor has occurred again. */
  readonly #confidence: Uint8Array;

  /** Creates an empty table. */
  constructor(vocab: number) {
    this.#table = new Int32Array(vocab * SUCCESSORS).fill(-1);
    this.#confidence = new Uint8Array(vocab);
  }

  /** Learns that `next` followed `token`. */
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

  /** Returns how often in a row the latest successor has occurred again, up to 3. */
  confidence(token: number): number {
    return this.#confidence[token];
  }

  /** Returns the tokens that followed `token`, the latest first. */
  of(token: number): number[] {
    const start = token * SUCCESSORS;
    return [...this.#table.subarray(start, start + SUCCESSORS)]
      .filter((id) => id >= 0);
  }
}
