/**
 * How often guesses are accepted. Guesses of one kind share an estimate: it starts from
 * a prior and follows what decoding shows.
 *
 * @module
 */

/** What proposes guesses, for a request, a trace and the metrics alike. */
export const DRAFTERS = [
  /** The adapter's mask rows. */
  "mask",
  /** The adapter's Hydra head. */
  "hydra",
  /** The row of an accepted sibling, which is computed again as the root. */
  "successor",
  /** Copies of the text so far. */
  "ngram",
  /** Copies of the request's prediction. */
  "prediction",
  /** Tokens that followed the same token before. */
  "recycle",
  /** Tokens that a grammar forces. */
  "grammar",
] as const;

/** One of {@linkcode DRAFTERS}. */
export type Drafter = (typeof DRAFTERS)[number];

/** Guesses that were tried, and how many of them were accepted. */
export interface Estimate {
  hits: number;
  /** Above 0. */
  tries: number;
}

/** Guesses that are about as likely to be accepted. */
export interface Kind {
  /** All that propose the guess; several may agree. */
  drafters: readonly Drafter[];
  /** Names the kind among all kinds. */
  key: number;
  prior: Estimate;
}

/** Details by which the guesses of one drafter may differ. */
const DETAILS = 32;

/** Added to the key of a kind that the Hydra head does not list. */
const UNLISTED = 256;

/** More than any key of a single drafter, so that keys of several are their digits. */
const BASE = 2 * UNLISTED;

/** Tries that an estimate without a measurement counts as. */
const WEIGHT = 10;

/** Tries that the agreement of two drafters counts as. */
const AGREED_WEIGHT = 50;

/** The part of its chance that is left to a guess that the Hydra head does not list. */
const UNLISTED_SHARE = 0.8;

/** Past guesses of a kind that count. */
const MEMORY = 200;

/** Returns the kind of a drafter's guesses with some detail, from 0 to 31. */
export function kindOf(
  drafter: Drafter,
  detail: number,
  prior: Estimate,
): Kind {
  const key = 1 + DRAFTERS.indexOf(drafter) * DETAILS + detail;
  return { drafters: [drafter], key, prior };
}

/** Returns an estimate that experience soon overrules. */
export function guessed(chance: number, tries = WEIGHT): Estimate {
  return { hits: chance * tries, tries };
}

/** What decoding has shown, by kind of guess. */
export class Acceptance {
  readonly #estimates = new Map<number, Estimate>();

  /** Returns the chance that a guess is accepted, given that its parent is. */
  chance({ key, prior }: Kind): number {
    const { hits, tries } = this.#estimates.get(key) ?? prior;
    return hits / tries;
  }

  /** Notes whether a guess was accepted whose parent was. */
  learn({ key, prior }: Kind, isAccepted: boolean): void {
    const { hits, tries } = this.#estimates.get(key) ?? prior;
    const fade = Math.min(1, MEMORY / tries);
    this.#estimates.set(key, {
      hits: hits * fade + (isAccepted ? 1 : 0),
      tries: tries * fade + 1,
    });
  }

  /** Returns the kind of a token that two drafters propose. */
  agreed(one: Kind, other: Kind): Kind {
    const wrong = (1 - this.chance(one)) * (1 - this.chance(other));
    return {
      drafters: [...one.drafters, ...other.drafters],
      key: one.key * BASE + other.key,
      prior: guessed(1 - wrong, AGREED_WEIGHT),
    };
  }

  /** Returns the kind of a token that is not among the Hydra head's guesses. */
  unlisted(kind: Kind): Kind {
    return {
      drafters: kind.drafters,
      key: kind.key + UNLISTED,
      prior: guessed(UNLISTED_SHARE * this.chance(kind)),
    };
  }
}
