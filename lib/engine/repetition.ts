/**
 * Ends an answer that only repeats itself, where the operator has set `MAX_REPEATS`.
 * Small models fall into such loops, and would go on until the context is full.
 *
 * @module
 */

/** Tokens of the longest part whose repetition is noticed. */
const LONGEST = 64;

/** The fewest tokens that all repetitions have together: a line of dashes is no loop. */
const FEWEST = 32;

/** Watches the tokens of one answer. */
export class Repetition {
  readonly #most: number;
  /** The last tokens, by their place in the answer modulo the length. */
  readonly #last = new Int32Array(LONGEST).fill(-1);
  /** For each length, how many tokens in a row equal the one so far before them. */
  readonly #equal = new Int32Array(LONGEST + 1);
  #length = 0;
  #ended = false;

  /** `most` is how often in a row a part may come; `Infinity` is any number. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether the answer has come to its end by repeating itself. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Returns those of the next tokens that the answer has before its end. */
  take(tokens: readonly number[]): readonly number[] {
    if (this.#most === Infinity) return tokens;
    const at = tokens.findIndex((token) => this.#repeats(token));
    if (at < 0) return tokens;
    this.#ended = true;
    return tokens.slice(0, at + 1);
  }

  /** Adds a token; returns whether it completes too many repetitions. */
  #repeats(token: number): boolean {
    const at = this.#length++;
    let found = false;
    for (let period = 1; period <= Math.min(LONGEST, at); period++) {
      const before = this.#last[(at - period) % LONGEST];
      const equal = before === token ? this.#equal[period] + 1 : 0;
      this.#equal[period] = equal;
      const repeated = equal + period;
      found ||= repeated >= Math.max(FEWEST, (this.#most + 1) * period);
    }
    this.#last[at % LONGEST] = token;
    return found;
  }
}
