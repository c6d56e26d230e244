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
 * gains are estimates: where many share a pass, a guess that barely pays is a loss. And
 * as gains raise the price, a text whose guesses are sure gets little ahead of others.
 */
const CAUTION = 1 / 3;

/** Passes over which the gain is averaged. */
const MEMORY = 32;

/** Recent tokens a millisecond, relative to plain passes. */
class Gain {
  /** At least 1. */
  now = 1;
  #passes = 1;

  learn(gain: number): void {
    this.#passes = Math.min(this.#passes + 1, MEMORY);
    this.now = Math.max(1, this.now + (gain - this.now) / this.#passes);
  }
}

/** Prices the rows of one sequence, pass by pass. */
export class PassPrice {
  readonly #cost: Cost;
  readonly #look: () => Beside;
  #beside = ALONE;
  /** What drafts gain where others share the pass, and where none does. */
  readonly #gains = { shared: new Gain(), alone: new Gain() };
  /** Milliseconds of the pass with one row of the sequence. */
  #plainMs: number;

  /**
   * @param cost the milliseconds of passes.
   * @param look returns the other sequences of the next pass.
   */
  constructor(cost: Cost, look: () => Beside = () => ALONE) {
    this.#cost = cost;
    this.#look = look;
    this.#plainMs = this.#ms(1, 1);
  }

  /** Looks at the next pass. */
  next(): void {
    this.#beside = this.#look();
    this.#plainMs = this.#ms(1, 1);
  }

  /** Whether other sequences share the pass. */
  get isShared(): boolean {
    return this.#beside.sequences > 0;
  }

  /** Tokens that all sequences of the pass must gain in a millisecond. */
  get pace(): number {
    const caution = 1 + CAUTION * this.#beside.sequences;
    return caution * this.#gain.now * this.#brought(1) / this.#plainMs;
  }

  /** Returns the price of the pass with these rows of the sequence. */
  of(rows: number, read: number): number {
    return this.pace * this.#ms(rows, read);
  }

  /** Returns the price of one more row, which is also read. */
  ofRow(rows: number, read: number): number {
    return this.pace * (this.#ms(rows + 1, read + 1) - this.#ms(rows, read));
  }

  /** Returns the price of one more row whose guess takes a step of the Hydra head. */
  ofDraftedRow(rows: number, read: number): number {
    const step = this.pace * (this.#cost.draft?.() ?? 0);
    return this.ofRow(rows, read) + step;
  }

  /** Learns from the tokens that a pass gained. */
  learn(tokens: number, { rows, read }: { rows: number; read: number }): void {
    if (rows === 1) return this.#gain.learn(1);
    const pace = this.#brought(tokens) / this.#ms(rows, read);
    this.#gain.learn(pace / (this.#brought(1) / this.#plainMs));
  }

  get #gain(): Gain {
    return this.isShared ? this.#gains.shared : this.#gains.alone;
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
