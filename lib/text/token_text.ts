/**
 * Text to tokens and back for clients that count, cut or inspect prompts themselves.
 *
 * @module
 */

import { Detokenizer } from "./detokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A text to tokenize. */
export interface TokenText {
  /** Its parts in order; token ids stay as they are. */
  parts: (string | number)[];
  /** Whether the model's start token comes first, if the model wants one. */
  addSpecial: boolean;
  /** Whether control tokens that the text spells out are read as such. */
  parseSpecial: boolean;
}

/** Tokens, and what each of them reads. */
export interface Tokens {
  ids: number[];
  /** The bytes of each token; of a control token, those of its spelling. */
  pieces: number[][];
}

/**
 * Turns a text into tokens.
 *
 * @throws {RangeError} if a part is no id of the vocabulary.
 */
export function toTokens(
  { parts, addSpecial, parseSpecial }: TokenText,
  tokenizer: Tokenizer,
): Tokens {
  const encode = (text: string) =>
    parseSpecial ? tokenizer.encodeWithControls(text) : tokenizer.encode(text);
  const ids = parts.flatMap((part) =>
    typeof part === "number" ? [part] : [...encode(part)]
  );
  const start = addSpecial ? tokenizer.startToken : undefined;
  if (start !== undefined && ids[0] !== start) ids.unshift(start);
  const { bytes } = withControls(tokenizer);
  return { ids, pieces: ids.map((id) => [...bytes(id)]) };
}

/**
 * Turns tokens into the text that they read, control tokens spelled out.
 *
 * @throws {RangeError} if an id is not in the vocabulary.
 */
export function toText(ids: readonly number[], tokenizer: Tokenizer): string {
  const text = new Detokenizer(withControls(tokenizer));
  return text.push(ids) + text.flush();
}

/** Returns a tokenizer's bytes, where control tokens have those of their spelling. */
export function withControls(
  tokenizer: Pick<Tokenizer, "bytes" | "isControl" | "spelling">,
): Pick<Tokenizer, "bytes"> {
  const utf8 = new TextEncoder();
  return {
    bytes: (id) =>
      tokenizer.isControl(id)
        ? utf8.encode(tokenizer.spelling(id))
        : tokenizer.bytes(id),
  };
}
