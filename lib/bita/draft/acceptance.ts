/**
 * How often guesses of a kind turn out right, learned while decoding.
 *
 * @module
 */

/** How fast old observations fade: about the last so many count. */
const MEMORY = 200;

/** What was seen of a kind of guess, or is believed beforehand. */
export interface Estimate {
  /** Guesses that were right. */
  hits: number;
  /** Guesses of which it is known, above 0. */
  tries: number;
}

/** A kind of guess, and what is believed of it before any was seen. */
export interface Guess {
  kind: string;
  prior: Estimate;
}

/** Chances by kind of guess. */
export class Acceptance {
  readonly #estimates = new Map<string, Estimate>();

  /**
   * Estimates the chance that a guess of this kind is right, given its path. What
   * is believed beforehand counts as much as its tries, until more is seen.
   */
  chance({ kind, prior }: Guess): number {
    const { hits, tries } = this.#estimates.get(kind) ?? prior;
    return hits / tries;
  }

  /** Notes how a guess turned out whose path was right. */
  learn({ kind, prior }: Guess, right: boolean): void {
    const { hits, tries } = this.#estimates.get(kind) ?? prior;
    const fade = Math.min(1, MEMORY / tries);
    this.#estimates.set(kind, {
      hits: hits * fade + (right ? 1 : 0),
      tries: tries * fade + 1,
    });
  }
}
