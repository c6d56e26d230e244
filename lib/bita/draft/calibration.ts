/**
 * How often the guesses of masks, or of a Hydra head, were accepted on text that tuning
 * has not seen, by the share of the probability that their row gives them. Which row it
 * is, and which of its guesses, makes no difference beyond that.
 *
 * @module
 */

import { type Estimate, type Kind, kindOf } from "./acceptance.ts";

/** Guesses counted on text that tuning has not seen. */
export interface AcceptanceTable {
  /** Shares between bins, rising. */
  shares: number[];
  /** Guesses seen, `[masks][ranks][shares.length + 1]`. */
  seen: number[][][];
  /** Those of them that were accepted, of the same shape. */
  hits: number[][][];
}

/** Where nothing was counted: masks without tuning. */
const UNKNOWN: Estimate = { hits: 0.1, tries: 4 };

/** Tries that a bin counts as at most, since texts differ. */
const MOST_TRIES = 50;

/** Of a model without a table. */
const EMPTY: AcceptanceTable = {
  shares: [0.2, 0.4, 0.6, 0.8],
  seen: [],
  hits: [],
};

/** Sorts guesses into kinds, with priors from a table. */
export class Calibration {
  readonly #table: AcceptanceTable;
  /** By bin. */
  readonly #kinds: Kind[];

  /** Without a table, guesses are expected to miss. */
  constructor(table = EMPTY, drafter: "mask" | "hydra" = "mask") {
    const sum = (counts: number[][][], bin: number) =>
      total(counts.flat().map((bins) => bins[bin]));
    this.#table = table;
    this.#kinds = [...table.shares, 1].map((_, bin) =>
      kindOf(
        drafter,
        bin,
        estimate(sum(table.hits, bin), sum(table.seen, bin)),
      )
    );
  }

  /** Masks, or steps, in the table. */
  get depth(): number {
    return this.#table.seen.length;
  }

  /** Returns the kind of a guess that has a share of its row's probability. */
  kind(share: number): Kind {
    const bin = this.#table.shares.findIndex((edge) => share <= edge);
    return this.#kinds.at(bin)!;
  }

  /** Returns the chance of a mask's best guess, whatever its share. */
  best(mask: number): number {
    const { hits, seen } = this.#table;
    const { hits: accepted, tries } = estimate(
      total(hits[mask]?.[0] ?? []),
      total(seen[mask]?.[0] ?? []),
    );
    return accepted / tries;
  }
}

function total(counts: number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Turns counts into an estimate of limited weight. */
function estimate(hits: number, seen: number): Estimate {
  const all = { hits: hits + UNKNOWN.hits, tries: seen + UNKNOWN.tries };
  const weight = Math.min(1, MOST_TRIES / all.tries);
  return { hits: all.hits * weight, tries: all.tries * weight };
}
