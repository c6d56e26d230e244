/**
 * The price of the rows of a pass, in tokens. It is the time that the rows take, times
 * the tokens that decoding gains in this time. A guess pays for its row if it gains more.
 *
 * If other sequences share the pass, a row delays all of them. So its price counts the
 * tokens of all sequences and the rows of all sequences. All of them compare their
 * guesses with the same price. In a pass of many sequences, few guesses pay.
 *
 * @module
 */

import type { Cost } from "./cost_curve.ts";

/** The other sequences of a pass. */
export interface Beside {
  sequences: number;
  /** Their rows together. */
  rows: number;
  /** Number of these rows whose logits are read. */
  read: number;
}

/** No other sequences. */
export const ALONE: Beside = { sequences: 0, rows: 0, read: 0 };

/**
 * How much dearer each other sequence makes a row. What a row costs and what a guess
 * gains are estimates: where many share a pass, a guess that barely pays is a loss.
 */
const CAUTION = 1 / 6;

/** Passes over which the gain is averaged. */
const MEMORY = 32;

/** Prices the rows of one sequence, pass by pass. */
export class PassPrice {
  readonly #cost: Cost;
  readonly #look: () => Beside;
  #beside = ALONE;
  /** Recent tokens a millisecond, relative to plain passes; at least 1. */
  #gain = 1;
  #passes = 1;

  /**
   * @param cost the milliseconds of passes.
   * @param look returns the other sequences of the next pass.
   */
  constructor(cost: Cost, look: () => Beside = () => ALONE) {
    this.#cost = cost;
    this.#look = look;
  }

  /** Moves on to the next pass. */
  next(): void {
    this.#beside = this.#look();
  }

  /** Whether other sequences share the pass. */
  get isShared(): boolean {
    return this.#beside.sequences > 0;
  }

  /** Tokens that all sequences of the pass must gain in a millisecond. */
  get pace(): number {
    const caution = 1 + CAUTION * this.#beside.sequences;
    return caution * this.#gain * this.#brought(1) / this.#ms(1, 1);
  }

  /** Returns the price of the pass with these rows of the sequence. */
  of(rows: number, read: number): number {
    return this.pace * this.#ms(rows, read);
  }

  /** Returns the price of one more row, which is also read. */
  ofRow(rows: number, read: number): number {
    return this.pace * (this.#ms(rows + 1, read + 1) - this.#ms(rows, read));
  }

  /** The price of a step of the Hydra head. */
  get ofDraft(): number {
    return this.pace * (this.#cost.draft?.() ?? 0);
  }

  /** Learns from the tokens that a pass gained. */
  learn(tokens: number, { rows, read }: { rows: number; read: number }): void {
    const pace = this.#brought(tokens) / this.#ms(rows, read);
    const gain = pace / (this.#brought(1) / this.#ms(1, 1));
    this.#passes = Math.min(this.#passes + 1, MEMORY);
    this.#gain += (gain - this.#gain) / this.#passes;
    this.#gain = Math.max(1, this.#gain);
  }

  /**
   * Adds one token for each other sequence. How many it does gain depends on its text,
   * which may be of another caller.
   */
  #brought(tokens: number): number {
    return tokens + this.#beside.sequences;
  }

  #ms(rows: number, read: number): number {
    const { sequences, ...beside } = this.#beside;
    return this.#cost.body(beside.rows + rows, sequences + 1) +
      this.#cost.head(beside.read + read);
  }
}
