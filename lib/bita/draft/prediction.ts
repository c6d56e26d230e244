/**
 * A text that the client expects, followed while the real one is written: an edited
 * file is mostly the old one. Where the two part, each token is taken to replace one of
 * the prediction, a few times, until they meet again: where the last tokens of the text
 * occur in the prediction, near the place of parting unless several are equal.
 *
 * @module
 */

import type { Match } from "./ngram_index.ts";

/** Tokens written last that are looked up in the prediction. */
const LONGEST = 8;

/** Tokens around the place of parting in which one equal token counts. */
const NEAR = 16;

/** Tokens that may replace others before there is nothing to expect. */
const SLACK = 3;

/** Tokens in a row that prove a place right. */
const PROOF = 3;

/** A predicted text, and how far the real one has come in it. */
export class Prediction {
  readonly #tokens: Int32Array;
  readonly #last: number[] = [];
  /** The place that is followed: the index of the token expected next. */
  #next = 0;
  /** Tokens in a row that came as expected before it; the first counts as one. */
  #run = 1;
  /** Tokens in a row that occur nowhere around. */
  #lost = 0;
  /** Where the text would stand if each token had replaced one. */
  #home = 0;
  readonly #accepted = new Set<number>();

  /** Starts at its beginning. */
  constructor(tokens: Int32Array) {
    this.#tokens = tokens;
  }

  /** The place at which the text is likely to go on, if any. */
  get match(): Match | undefined {
    if (this.#lost > SLACK) return undefined;
    return { next: this.#next, length: this.#run };
  }

  /** Predicted tokens that came where they were expected, each counted once. */
  get accepted(): number {
    return this.#accepted.size;
  }

  /** Returns a predicted token, or `undefined` after the end. */
  at(index: number): number | undefined {
    return this.#tokens[index];
  }

  /** Follows a token of the real text. */
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

  /** Finds the place with the longest equal run before it, the nearest of several. */
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

  /** Counts equal tokens before a place and at the end of the text. */
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
