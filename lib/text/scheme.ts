/**
 * What kinds of vocabularies differ in: how text becomes pieces, and pieces bytes.
 *
 * @module
 */

import type { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { TOKEN_TYPE, type Vocabulary } from "../../models/gguf/vocabulary.ts";

/** A kind of vocabulary. */
export interface Scheme {
  /** Returns whether texts begin with the start token unless the file denies it. */
  startsWithToken(vocabulary: Vocabulary): boolean;
  /** Makes a tokenizer that knows the vocabulary's pieces, but not its control tokens. */
  tokenizer(vocabulary: Vocabulary): HuggingFaceTokenizer;
  /** Returns the bytes of an ordinary token from its spelling. */
  bytes(spelling: string): Uint8Array;
}

/** Returns the tokens of a type with their ids. */
export function entriesOf(
  vocabulary: Vocabulary,
  type: number,
): [string, number][] {
  return vocabulary.tokens
    .map((text, id): [string, number] => [text, id])
    .filter(([, id]) => vocabulary.types[id] === type);
}

/** Returns the strings that are always one token, for a `tokenizer.json`. */
export function addedTokens(vocabulary: Vocabulary): Record<string, unknown>[] {
  return entriesOf(vocabulary, TOKEN_TYPE.userDefined)
    .map(([content, id]) => ({ id, content, normalized: false }));
}
