/**
 * How often guesses of a kind turn out right, learned while decoding.
 *
 * @module
 */

/** How fast old observations fade: about the last so many count. */
const MEMORY = 200;

/** Observations that a prior estimate is worth. */
const PRIOR_WEIGHT = 4;

/** A running estimate of one chance. */
interface Estimate {
  hits: number;
  tries: number;
}

/** Chances by kind of guess. */
export class Acceptance {
  readonly #estimates = new Map<string, Estimate>();
  readonly #prior: (kind: string) => number;

  /** Starts from prior chances, from 0 to 1. */
  constructor(prior: (kind: string) => number) {
    this.#prior = prior;
  }

  /** Estimates the chance that a guess of this kind is right, given its path. */
  chance(kind: string): number {
    const { hits, tries } = this.#estimate(kind);
    return hits / tries;
  }

  /** Notes how a guess turned out whose path was right. */
  learn(kind: string, right: boolean): void {
    const estimate = this.#estimate(kind);
    const fade = Math.min(1, MEMORY / estimate.tries);
    estimate.hits = estimate.hits * fade + (right ? 1 : 0);
    estimate.tries = estimate.tries * fade + 1;
  }

  #estimate(kind: string): Estimate {
    const known = this.#estimates.get(kind);
    if (known) return known;
    const hits = this.#prior(kind) * PRIOR_WEIGHT;
    const fresh = { hits, tries: PRIOR_WEIGHT };
    this.#estimates.set(kind, fresh);
    return fresh;
  }
}
