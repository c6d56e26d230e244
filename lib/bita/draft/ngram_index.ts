/**
 * Where the end of a text has occurred in it before, and so what may come next:
 * drafting by copying (prompt lookup), which needs no training and no rows of the
 * model.
 *
 * @module
 */

/** An earlier place that looks like the end of the text. */
export interface Match {
  /** Index in the text of the token that followed there. */
  next: number;
  /** Tokens that are equal before it, at most {@linkcode LONGEST_MATCH}. */
  length: number;
}

/** Lengths of the runs that are looked up, the longest first. */
const RUNS = [4, 2, 1];

/** Equal tokens beyond these say no more about what follows. */
export const LONGEST_MATCH = 16;

/** A growing text, indexed by its runs of tokens. */
export class NgramIndex {
  readonly #text: number[] = [];
  /** By length of run: a run's hash → index behind its last occurrence. */
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

  /** The most recent place with the longest run that is equal, if any. */
  get match(): Match | undefined {
    return this.#match;
  }

  /** Gives a token of the text, or `undefined` behind its end. */
  at(index: number): number | undefined {
    return this.#text[index];
  }
}

/** Counts equal tokens before the end of a text and before another place. */
function commonSuffix(text: number[], place: number): number {
  let length = 0;
  while (
    length < Math.min(place, LONGEST_MATCH) &&
    text[place - 1 - length] === text[text.length - 1 - length]
  ) length++;
  return length;
}

/** Hashes the last tokens of a text; equal hashes need not mean equal tokens. */
function hashEnd(text: number[], run: number): number {
  let hash = 0;
  for (let i = text.length - run; i < text.length; i++) {
    hash = Math.imul(hash ^ text[i], 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
