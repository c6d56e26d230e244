/**
 * How many rows of prompts a pass may have beside the decoding of others.
 *
 * The measure is the pass in which all of these sequences decode, once their prompts are
 * read. Until then passes take {@linkcode SLOWDOWN} times as long on average, and a
 * single one about three times: prompts get what decoding leaves of that. After a long
 * text even a few rows take longer: they wait until enough time is left for them.
 *
 * @module
 */

import type { Cost } from "../bita/cost/cost_curve.ts";

/** What sequences that decode have in a pass. */
export interface Load {
  sequences: number;
  rows: number;
  /** Rows whose logits are read. */
  read: number;
}

/** Rows of a prompt's part; wider ones are hardly faster per row. */
const MOST_ROWS = 64;

/** Fewer rows are not worth the attention over all of the text before them. */
const LEAST_ROWS = 8;

/** How much longer passes are with prompts than after them, on average. */
const SLOWDOWN = 2.2;

/** Plain passes whose time may be left to prompts at once. */
const PATIENCE = 2;

/** How fast the estimate of a part's time follows what is seen. */
const RATE = 0.5;

/** The most that one pass may differ; beyond it, something disturbed. */
const MOST = 2;

/** A row takes at least this share of a pass. */
const LEAST_SHARE = 1 / 100;

/** Shares the time of passes between decoding and prompts. */
export class PrefillBudget {
  readonly #cost: Cost;
  /** How the time of a prompt's rows compares with the cost curve, lately. */
  #scale = 1;
  /** Milliseconds that decoding has left to prompts so far. */
  #left = 0;

  /** @param cost milliseconds of passes by their rows. */
  constructor(cost: Cost) {
    this.#cost = cost;
  }

  /**
   * Returns the rows of prompts for the next pass, maybe none.
   *
   * @param decoding what decodes in the pass.
   * @param prompts how many sequences will decode once their prompts are read.
   * @param most rows that the pass has room for.
   */
  rows(decoding: Load, prompts: number, most: number): number {
    const widest = Math.min(MOST_ROWS, most);
    if (decoding.sequences === 0) return widest;
    const later = this.#plain({
      sequences: decoding.sequences + prompts,
      rows: decoding.rows + prompts,
      read: decoding.read + prompts,
    });
    const least = Math.min(LEAST_ROWS, widest);
    const cheapest = this.#expected(decoding, least);
    this.#left = Math.min(
      this.#left + SLOWDOWN * later - this.#plain(decoding),
      Math.max(PATIENCE * later, cheapest),
    );
    let rows = 0;
    while (rows < widest && this.#expected(decoding, rows + 1) <= this.#left) {
      rows++;
    }
    return rows < least ? 0 : rows;
  }

  /** Notes the milliseconds of a pass that had so many rows of prompts. */
  spend(decoding: Load, { rows, ms }: { rows: number; ms: number }): void {
    if (decoding.sequences === 0 || rows === 0) return;
    const spent = Math.max(0, ms - this.#plain(decoding));
    this.#left = Math.max(0, this.#left - spent);
    const ratio = Math.min(MOST, spent / this.#expected(decoding, rows));
    this.#scale = Math.max(1, this.#scale * (1 + RATE * (ratio - 1)));
  }

  #plain({ sequences, rows, read }: Load): number {
    return this.#cost.body(rows, sequences) + this.#cost.head(read);
  }

  /** Returns the milliseconds that rows of prompts are expected to add to a pass. */
  #expected({ rows }: Load, more: number): number {
    const { body } = this.#cost;
    const least = LEAST_SHARE * more * body(rows);
    return this.#scale * Math.max(least, body(rows + more) - body(rows));
  }
}
