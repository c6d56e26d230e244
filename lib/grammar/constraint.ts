/**
 * A grammar as decoding sees it: what may come next in one text, and what must.
 *
 * Where the grammar leaves only one text, such as the name of a required property, its
 * tokens are those that the tokenizer makes of this text. They are forced: models know
 * text in these tokens, and what is forced is a draft that cannot miss.
 *
 * @module
 */

import { type Constraint, idsIn, isIn } from "../bita/choose/constraint.ts";
import type { Matcher } from "./matcher.ts";
import type { GrammarVocabulary } from "./vocabulary.ts";

/** The most bytes that are forced at once. */
const MOST_FORCED = 128;

/** What one text may still become. */
export class GrammarConstraint implements Constraint, Disposable {
  readonly #matcher: Matcher;
  readonly #vocabulary: GrammarVocabulary;
  readonly #mask: Uint32Array;
  /** Forced tokens that have not come yet; `undefined` where none were looked for. */
  #forced: number[] | undefined;
  /** Whether the mask is the one of this place. */
  #isMasked = false;

  /** @param matcher at the start of the text; it is freed with the constraint. */
  constructor(matcher: Matcher, vocabulary: GrammarVocabulary) {
    this.#matcher = matcher;
    this.#vocabulary = vocabulary;
    this.#mask = new Uint32Array(Math.ceil(vocabulary.tokens.length / 32));
  }

  get isComplete(): boolean {
    return this.#matcher.isStopped;
  }

  forced(): readonly number[] {
    return this.#forced ??= this.#findForced();
  }

  mask(): Uint32Array {
    if (this.#isMasked) return this.#mask;
    const { end, ends } = this.#vocabulary;
    this.#mask.set(this.#matcher.mask());
    if (isIn(this.#mask, end)) {
      for (const id of ends) this.#mask[id >>> 5] |= 1 << (id & 31);
    }
    this.#isMasked = true;
    return this.#mask;
  }

  allows(before: readonly number[], token: number): boolean {
    if (this.#vocabulary.ends.includes(token)) return false;
    if (before.length === 0) return isIn(this.mask(), token);
    const path = [...before, token];
    return this.#matcher.valid(path) === path.length;
  }

  commit(token: number): void {
    this.#matcher.consume(token);
    this.#isMasked = false;
    if (this.#forced?.shift() !== token || this.#forced.length === 0) {
      this.#forced = undefined;
    }
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    this.#matcher[Symbol.dispose]();
  }

  /** Follows the only text that is possible, to where there are two. */
  #findForced(): number[] {
    const { tokens, byteTokens, encode, begins } = this.#vocabulary;
    let text = "";
    while (text.length < MOST_FORCED && !this.#matcher.isStopped) {
      const mask = text === "" ? this.mask() : this.#matcher.mask();
      const next = this.#onlyByte(mask);
      const id = next === undefined ? undefined : byteTokens.get(next);
      if (id === undefined) break;
      text += next;
      this.#matcher.consume(id);
    }
    const isWhole = this.#matcher.isStopped;
    this.#matcher.rollback(text.length);
    if (text === "") return [];
    const ids = encode(text);
    // What the tokenizer cannot spell is not forced, such as a half character.
    if (ids === undefined || this.#matcher.valid(ids) < ids.length) return [];
    if (isWhole) return ids;
    // A token that text after it could have made longer is left to the logits.
    let rest = text.length;
    for (const [index, id] of ids.entries()) {
      if (begins(text.slice(-rest)) && this.#mayGrow(ids, { index, rest })) {
        return ids.slice(0, index);
      }
      rest -= tokens[id].length;
    }
    return ids;
  }

  /** Returns the byte that all tokens of a mask begin with, if there is one. */
  #onlyByte(mask: Uint32Array): string | undefined {
    const { tokens } = this.#vocabulary;
    let first: string | undefined;
    for (const id of idsIn(mask)) {
      // Control tokens and ends have no bytes.
      const byte = tokens[id].charAt(0);
      if (byte === "" || byte !== (first ??= byte)) return undefined;
    }
    return first;
  }

  /** Returns whether a token that is longer than the rest may come at some place. */
  #mayGrow(
    ids: readonly number[],
    { index, rest }: { index: number; rest: number },
  ): boolean {
    const { tokens } = this.#vocabulary;
    for (const id of ids.slice(0, index)) this.#matcher.consume(id);
    const longer = idsIn(this.#matcher.mask())
      .some((id) => tokens[id].length > rest);
    this.#matcher.rollback(index);
    return longer;
  }
}
