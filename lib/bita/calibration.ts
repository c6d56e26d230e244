/**
 * How often the guesses of a mask, or of a Hydra head's step, are right, by what can
 * be seen of them: which mask, which rank, and by how much it is ahead or behind.
 *
 * @module
 */

import type { Estimate, Guess } from "./acceptance.ts";

/** Guesses counted on text that tuning has not seen. */
export interface AcceptanceTable {
  /** Margins between bins, rising. */
  edges: number[];
  /** Guesses seen, `[masks][ranks][edges.length + 1]`. */
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

/** Bins of a model without a table. */
const EDGES = [0.5, 1, 2, 4];

/** Turns what is seen of a guess into its kind, with what is believed of that. */
export class Calibration {
  readonly #table: AcceptanceTable | undefined;
  readonly #guesser: Guesser;

  /** Believes a table; without one, that masks know little. */
  constructor(table?: AcceptanceTable, guesser: Guesser = "mask") {
    this.#table = table;
    this.#guesser = guesser;
  }

  /** Masks, or steps, that the table tells of. */
  get depth(): number {
    return this.#table?.seen.length ?? 0;
  }

  /** Says what kind of guess a mask, or a step, makes. */
  guess(
    { mask, rank, margin }: { mask: number; rank: number; margin: number },
  ): Guess {
    const edges = this.#table?.edges ?? EDGES;
    const bin = edges.filter((edge) => edge < margin).length;
    return {
      kind: `${this.#guesser} ${mask} ${rank} ${bin}`,
      prior: this.#estimate(
        this.#table?.hits[mask]?.[rank]?.[bin] ?? 0,
        this.#table?.seen[mask]?.[rank]?.[bin] ?? 0,
      ),
    };
  }

  /** Gives the chance that a mask's best guess is right, whatever its margin. */
  best(mask: number): number {
    const count = (by: number[][][] | undefined) =>
      by?.[mask]?.[0].reduce((sum, n) => sum + n) ?? 0;
    const { hits, tries } = this.#estimate(
      count(this.#table?.hits),
      count(this.#table?.seen),
    );
    return hits / tries;
  }

  #estimate(hits: number, seen: number): Estimate {
    const all = { hits: hits + UNKNOWN.hits, tries: seen + UNKNOWN.tries };
    const share = Math.min(1, MOST_TRIES / all.tries);
    return { hits: all.hits * share, tries: all.tries * share };
  }
}
