/**
 * How often the guesses of masks, or of a Hydra head, are right, by what can be seen of
 * them: the share of the probability that their row gives them. Which row it is, and
 * which of its guesses, says no more.
 *
 * @module
 */

import type { Estimate, Guess } from "./acceptance.ts";

/** Guesses counted on text that tuning has not seen. */
export interface AcceptanceTable {
  /** Shares between bins, rising. */
  shares: number[];
  /** Guesses seen, `[masks][ranks][shares.length + 1]`. */
  seen: number[][][];
  /** Those of them that were right, of the same shape. */
  hits: number[][][];
}

/** Who guesses. */
type Guesser = "mask" | "hydra";

/** What is believed where nothing was counted: masks that nobody has tuned. */
const UNKNOWN: Estimate = { hits: 0.1, tries: 4 };

/** Tries that a bin counts as at most, since texts differ. */
const MOST_TRIES = 50;

/** Of a model without a table. */
const EMPTY: AcceptanceTable = {
  shares: [0.2, 0.4, 0.6, 0.8],
  seen: [],
  hits: [],
};

/** Turns what is seen of a guess into its kind, with what is believed of that. */
export class Calibration {
  readonly #table: AcceptanceTable;
  /** By bin. */
  readonly #guesses: Guess[];

  /** Believes a table; without one, that masks know little. */
  constructor(table = EMPTY, guesser: Guesser = "mask") {
    const sum = (counts: number[][][], bin: number) =>
      total(counts.flat().map((bins) => bins[bin]));
    this.#table = table;
    this.#guesses = [...table.shares, 1].map((_, bin) => ({
      kind: `${guesser} ${bin}`,
      prior: estimate(sum(table.hits, bin), sum(table.seen, bin)),
    }));
  }

  /** Masks, or steps, that the table tells of. */
  get depth(): number {
    return this.#table.seen.length;
  }

  /** Says what kind of guess it is to which a row gives such a share. */
  guess(share: number): Guess {
    const bin = this.#table.shares.findIndex((edge) => share <= edge);
    return this.#guesses.at(bin)!;
  }

  /** Gives the chance that a mask's best guess is right, whatever its share. */
  best(mask: number): number {
    const { hits, seen } = this.#table;
    const { hits: right, tries } = estimate(
      total(hits[mask]?.[0] ?? []),
      total(seen[mask]?.[0] ?? []),
    );
    return right / tries;
  }
}

function total(counts: number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Believes counts, as far as texts are alike. */
function estimate(hits: number, seen: number): Estimate {
  const all = { hits: hits + UNKNOWN.hits, tries: seen + UNKNOWN.tries };
  const share = Math.min(1, MOST_TRIES / all.tries);
  return { hits: all.hits * share, tries: all.tries * share };
}
