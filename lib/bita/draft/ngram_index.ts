/**
 * Prompt lookup: finds where the last tokens of a text have occurred before, and drafts
 * the tokens that followed there. This needs no training and no rows of the model.
 *
 * @module
 */

/** An earlier occurrence of the last tokens. */
export interface Match {
  /** Index of the token that followed. */
  next: number;
  /** Number of equal tokens before it, at most {@linkcode LONGEST_MATCH}. */
  length: number;
}

/** Lengths of the n-grams that are looked up, the longest first. */
const RUNS = [4, 2, 1];

/** More equal tokens than this do not make a match more reliable. */
export const LONGEST_MATCH = 16;

/** A growing text, indexed by its n-grams. */
export class NgramIndex {
  readonly #text: number[] = [];
  /** For each length, the index after the last occurrence of an n-gram, by its hash. */
  readonly #ends = RUNS.map(() => new Map<number, number>());
  #match: Match | undefined;

  /** Indexes a text. */
  constructor(text: Iterable<number>) {
    for (const token of text) this.push(token);
  }

  /** Adds a token to the text. */
  push(token: number): void {
    const text = this.#text;
    text.push(token);
    this.#match = undefined;
    for (const [i, run] of RUNS.entries()) {
      if (text.length < run) continue;
      const hash = hashEnd(text, run);
      const next = this.#ends[i].get(hash);
      this.#ends[i].set(hash, text.length);
      if (next === undefined || this.#match) continue;
      const length = commonSuffix(text, next);
      if (length >= run) this.#match = { next, length };
    }
  }

  /** The most recent match of the longest n-gram, if there is any. */
  get match(): Match | undefined {
    return this.#match;
  }

  /** Returns a token of the text, or `undefined` after its end. */
  at(index: number): number | undefined {
    return this.#text[index];
  }
}

/** Counts the equal tokens before the end of a text and before an index. */
function commonSuffix(text: number[], place: number): number {
  let length = 0;
  while (
    length < Math.min(place, LONGEST_MATCH) &&
    text[place - 1 - length] === text[text.length - 1 - length]
  ) length++;
  return length;
}

/** Returns a hash of the last tokens. Different tokens can have the same hash. */
function hashEnd(text: number[], run: number): number {
  let hash = 0;
  for (let i = text.length - run; i < text.length; i++) {
    hash = Math.imul(hash ^ text[i], 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
