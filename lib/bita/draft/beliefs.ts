/**
 * What is believed of guesses before any of their kind was seen.
 *
 * @module
 */

import type { Acceptance, Estimate, Guess } from "./acceptance.ts";

/** Tries that a belief without a measurement counts as. */
const BELIEF = 10;

/** Tries that what two guesses say together counts as: each was measured, after all. */
const AGREED = 50;

/** The part of its chance that is left to a guess which a Hydra head has not made. */
const UNLISTED = 0.8;

/** What a hit sibling's row chooses, if it is computed anew. */
export const SUCCESSOR: Guess = { kind: "successor", prior: belief(0.95) };

/** A copy of the text, whose equal run has 2^(level - 1) tokens or more. */
export function copyGuess(level: number): Guess {
  const chance = [0, 0.15, 0.4, 0.6, 0.8, 0.9][level] ?? 0.9;
  return { kind: `copy ${level}`, prior: belief(chance) };
}

/** A copy of the client's prediction, behind a run as in {@linkcode copyGuess}. */
export function toldGuess(level: number): Guess {
  const chance = [0.4, 0.6, 0.8, 0.88][level] ?? 0.92;
  return { kind: `told ${level}`, prior: belief(chance) };
}

/** What came behind the same token before, the last time or so many times in a row. */
export function recycleGuess(rank: number, confidence: number): Guess {
  const chance = [0.2, 0.08, 0.04, 0.03][rank] +
    (rank === 0 ? confidence / 8 : 0);
  return { kind: `recycle ${rank} ${confidence}`, prior: belief(chance) };
}

/** Joins two guesses at one token: a kind of its own. */
export function agreed(one: Guess, other: Guess, known: Acceptance): Guess {
  const wrong = (1 - known.chance(one)) * (1 - known.chance(other));
  return {
    kind: `${one.kind}, ${other.kind}`,
    prior: belief(1 - wrong, AGREED),
  };
}

/** Says of a guess that the Hydra head has not made it, too: a kind of its own. */
export function unlisted(guess: Guess, known: Acceptance): Guess {
  return {
    kind: `${guess.kind} unlisted`,
    prior: belief(UNLISTED * known.chance(guess)),
  };
}

function belief(chance: number, tries = BELIEF): Estimate {
  return { hits: chance * tries, tries };
}
