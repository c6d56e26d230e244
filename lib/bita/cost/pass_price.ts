/**
 * What rows of a pass cost, in tokens: the time that they take, times what decoding
 * brings in that time. A guess is worth its row if it brings more.
 *
 * Other sequences may share the pass. Then a row delays all of them, so it is priced
 * by the tokens of all, at the width that the pass has with all of their rows. So
 * every sequence ranks its guesses against one price, and where many share a pass, few
 * guesses are worth it.
 *
 * @module
 */

import type { Cost } from "./cost_curve.ts";

/** What the other sequences of a pass have in it. */
export interface Beside {
  sequences: number;
  /** Their rows, and how many of those are read. */
  rows: number;
  read: number;
  /** Tokens that they gain together. */
  tokens: number;
}

/** Of a sequence that has its passes for itself. */
export const ALONE: Beside = { sequences: 0, rows: 0, read: 0, tokens: 0 };

/** Passes over which the gain is averaged, once there were so many. */
const MEMORY = 32;

/** Prices the rows of one sequence, pass by pass. */
export class PassPrice {
  readonly #cost: Cost;
  readonly #look: () => Beside;
  #beside = ALONE;
  /** How much faster than a plain pass tokens come, lately; at least 1. */
  #gain = 1;
  #passes = 1;

  /**
   * @param cost milliseconds of passes by all of their rows.
   * @param look returns what others will have in the next pass.
   */
  constructor(cost: Cost, look: () => Beside = () => ALONE) {
    this.#cost = cost;
    this.#look = look;
  }

  /** Turns to the next pass. */
  next(): void {
    this.#beside = this.#look();
  }

  /** Whether others share the pass. */
  get isShared(): boolean {
    return this.#beside.sequences > 0;
  }

  /** Tokens a millisecond that all sequences of the pass gain together. */
  get pace(): number {
    return this.#gain * this.#brought(1) / this.#ms(1, 1);
  }

  /** Returns the price of a pass in which the sequence has so many rows. */
  of(rows: number, read: number): number {
    return this.pace * this.#ms(rows, read);
  }

  /** Returns the price of one row more, which is read, too. */
  ofRow(rows: number, read: number): number {
    return this.pace * (this.#ms(rows + 1, read + 1) - this.#ms(rows, read));
  }

  /** Returns the price of a step of the Hydra head. */
  get ofDraft(): number {
    return this.pace * (this.#cost.draft?.() ?? 0);
  }

  /** Notes the tokens that a pass brought. */
  learn(tokens: number, { rows, read }: { rows: number; read: number }): void {
    const pace = this.#brought(tokens) / this.#ms(rows, read);
    const gain = pace / (this.#brought(1) / this.#ms(1, 1));
    this.#passes = Math.min(this.#passes + 1, MEMORY);
    this.#gain += (gain - this.#gain) / this.#passes;
    this.#gain = Math.max(1, this.#gain);
  }

  #brought(tokens: number): number {
    return tokens + this.#beside.tokens;
  }

  #ms(rows: number, read: number): number {
    const { sequences, ...beside } = this.#beside;
    return this.#cost.body(beside.rows + rows, sequences + 1) +
      this.#cost.head(beside.read + read);
  }
}
