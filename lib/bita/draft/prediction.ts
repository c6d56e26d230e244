/**
 * Drafts from a text that the client predicts, such as a file before an edit.
 *
 * The prediction is followed as long as the text agrees with it. After a difference, each
 * new token is assumed to replace a predicted one, for a few tokens. Meanwhile the last
 * tokens of the text are looked up in the prediction. A single equal token counts only
 * near the difference.
 *
 * @module
 */

import type { Match } from "./ngram_index.ts";

/** Number of last tokens that are looked up in the prediction. */
const LONGEST = 8;

/** Distance from the expected place within which a single equal token counts. */
const NEAR = 16;

/** Unknown tokens in a row after which nothing is predicted. */
const SLACK = 3;

/** Equal tokens in a row that confirm a place. */
const PROOF = 3;

/** A predicted text, and the place of the real text in it. */
export class Prediction {
  readonly #tokens: Int32Array;
  readonly #last: number[] = [];
  /** Index of the token that is expected next. */
  #next = 0;
  /** Number of equal tokens before it. It is 1 at the start. */
  #run = 1;
  /** Number of last tokens that were not found in the prediction. */
  #lost = 0;
  /** The expected place if each token since the difference replaced a predicted one. */
  #home = 0;
  readonly #accepted = new Set<number>();

  /** Starts at the first token. */
  constructor(tokens: Int32Array) {
    this.#tokens = tokens;
  }

  /** The place where the text is likely to continue, if there is any. */
  get match(): Match | undefined {
    if (this.#lost > SLACK) return undefined;
    return { next: this.#next, length: this.#run };
  }

  /** Number of predicted tokens that occurred where they were expected. */
  get accepted(): number {
    return this.#accepted.size;
  }

  /** Returns a predicted token, or `undefined` after the end of the prediction. */
  at(index: number): number | undefined {
    return this.#tokens[index];
  }

  /** Adds a token of the real text. */
  push(token: number): void {
    this.#last.push(token);
    if (this.#last.length > LONGEST) this.#last.shift();
    this.#home++;
    if (this.#tokens[this.#next] !== token) return this.#meet();
    this.#accepted.add(this.#next++);
    this.#run++;
    this.#lost = 0;
    if (this.#run >= PROOF) this.#home = this.#next;
  }

  /** Moves to the place with the most equal tokens before it, or the nearest of several. */
  #meet(): void {
    this.#next = this.#home;
    this.#run = 0;
    const distance = (place: number) => Math.abs(place - this.#home);
    for (let place = 1; place <= this.#tokens.length; place++) {
      const run = this.#equalBefore(place);
      if (run < this.#run || run === 0) continue;
      if (run === 1 && distance(place) > NEAR) continue;
      const nearer = distance(place) < distance(this.#next);
      if (run === this.#run && !nearer) continue;
      this.#next = place;
      this.#run = run;
    }
    this.#lost = this.#run === 0 ? this.#lost + 1 : 0;
  }

  /** Counts the equal tokens before a place and at the end of the text. */
  #equalBefore(place: number): number {
    const text = this.#last;
    let run = 0;
    while (
      run < Math.min(place, text.length) &&
      this.#tokens[place - 1 - run] === text[text.length - 1 - run]
    ) run++;
    return run;
  }
}
