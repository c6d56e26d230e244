/**
 * How many rows of prompts a pass may have.
 *
 * Beside the decoding of others, the measure is the pass in which all of these sequences
 * but the last decode, while the last prompt is read. Until then passes take
 * {@linkcode SLOWDOWN} times as long on average, and a single one about three times:
 * prompts get what decoding leaves of that. After a long text even a few rows take
 * longer: they wait until enough time is left for them.
 *
 * Where nothing decodes, a pass has as many rows as it may, and the first prompt of the
 * line takes what it can use of them. After a long text a pass has fewer rows, so that a
 * request that arrives meanwhile need not wait long for the next pass.
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

/** Rows of a prompt that begin after so many slots. */
export interface PromptRows {
  start: number;
  rows: number;
}

/** Rows of a prompt's part; wider ones are hardly faster per row. */
const MOST_ROWS = 64;

/** Fewer rows are not worth reading the keys and values of the text before them. */
const LEAST_ROWS = 8;

/** Prompts that share what decoding leaves, so that a short one passes a long one. */
const PROMPTS = 2;

/** Slots whose attention takes as long as the rest of a row. */
const SLOTS = 2500;

/** Reading the keys and values of the slots takes as long as the attention of so many rows. */
const READING = 8;

/** How much longer a pass may take after a long text than after none. */
const LENGTHENED = 2;

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
  /** How the time of prompts' rows compares with what is expected, lately. */
  #scale = 1;
  /** Milliseconds that decoding has left to prompts so far. */
  #left = 0;

  /** @param cost milliseconds of passes by their rows. */
  constructor(cost: Cost) {
    this.#cost = cost;
  }

  /**
   * Returns how many rows of each prompt the next pass has, maybe none.
   *
   * @param decoding what decodes in the pass.
   * @param prompts the rest of each prompt that waits, in the order of the line.
   * @param most rows that the pass has room for.
   */
  share(
    decoding: Load,
    prompts: readonly PromptRows[],
    most: number,
  ): number[] {
    let room = Math.min(MOST_ROWS, most);
    let before = decoding.rows;
    const isAlone = decoding.sequences === 0;
    const full = this.#linear(0, room);
    let ms = isAlone ? full : this.#leave(decoding, prompts);
    return prompts.map((prompt, index) => {
      const { start } = prompt;
      const sharers = isAlone
        ? 1
        : Math.max(1, Math.min(PROMPTS, prompts.length) - index);
      const fair = { ms: ms / sharers, most: Math.ceil(room / sharers) };
      // The next prompt keeps what it can use of its half.
      const kept = sharers > 1
        ? this.#fitting(before, prompts[index + 1], fair)
        : 0;
      const widest = Math.min(room - kept, prompt.rows);
      const least = Math.min(LEAST_ROWS, widest);
      const isFair = isAlone ||
        this.#expected(before, { start, rows: least }) <= fair.ms;
      const more = isAlone && index === 0 ? (LENGTHENED - 1) * full : 0;
      let rows = this.#fitting(before, prompt, {
        ms: more + (isFair ? fair.ms : ms),
        most: widest,
      });
      if (rows < least) rows = isAlone && index === 0 ? least : 0;
      if (rows > 0) ms -= this.#expected(before, { start, rows });
      room -= rows;
      before += rows;
      return rows;
    });
  }

  /** Notes the milliseconds of a pass that had these rows of prompts. */
  spend(decoding: Load, prompts: readonly PromptRows[], ms: number): void {
    if (prompts.length === 0) return;
    const spent = Math.max(0, ms - this.#plain(decoding));
    this.#left = Math.max(0, this.#left - spent);
    let expected = 0;
    let before = decoding.rows;
    for (const part of prompts) {
      expected += this.#expected(before, part);
      before += part.rows;
    }
    const ratio = Math.min(MOST, spent / expected);
    this.#scale = Math.max(1, this.#scale * (1 + RATE * (ratio - 1)));
  }

  /** Adds what decoding leaves of a pass, and returns what is left so far. */
  #leave(decoding: Load, prompts: readonly PromptRows[]): number {
    if (prompts.length === 0) return 0;
    const others = prompts.length - 1;
    const later = this.#plain({
      sequences: decoding.sequences + others,
      rows: decoding.rows + others,
      read: decoding.read + others,
    });
    const [{ start, rows }] = prompts;
    const first = { start, rows: Math.min(LEAST_ROWS, rows) };
    return this.#left = Math.min(
      this.#left + SLOWDOWN * later - this.#plain(decoding),
      Math.max(PATIENCE * later, this.#expected(decoding.rows, first)),
    );
  }

  #plain({ sequences, rows, read }: Load): number {
    const head = read > 0 ? this.#cost.head(read) : 0;
    return this.#cost.body(rows, sequences) + head;
  }

  /** Returns how many rows of a prompt are expected to take no longer than `ms`. */
  #fitting(
    before: number,
    { start, rows: rest }: PromptRows,
    { ms, most }: { ms: number; most: number },
  ): number {
    let rows = 0;
    while (
      rows < Math.min(rest, most) &&
      this.#expected(before, { start, rows: rows + 1 }) <= ms
    ) rows++;
    return rows;
  }

  /** Returns the milliseconds that rows of a prompt add to a pass of so many rows. */
  #expected(before: number, { start, rows }: PromptRows): number {
    const attention = (rows + READING) * start / SLOTS;
    const perRow = this.#linear(before, MOST_ROWS) / MOST_ROWS;
    return this.#scale * (this.#linear(before, rows) + attention * perRow);
  }

  /** Returns the milliseconds that more rows add to a pass after no text. */
  #linear(before: number, more: number): number {
    const { body } = this.#cost;
    const least = LEAST_SHARE * more * body(before);
    return Math.max(least, body(before + more) - body(before));
  }
}
