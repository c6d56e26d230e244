/**
 * A toy vocabulary for grammars: the bytes of JSON, some pieces of several bytes, and
 * one control token that ends a text.
 *
 * @module
 */

import { Llguidance } from "../../lib/grammar/llguidance.ts";
import { grammarVocabulary } from "../../lib/grammar/vocabulary.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { toyVocabulary } from "../text/_toy.ts";

/** Bytes are tokens 0 to 255; some pairs are merged. */
const tokenizer = new Tokenizer(toyVocabulary({
  merges: ['{ "', '" :', "a b", '" ,', "ab c", "1 2"],
  controls: ["<|im_end|>", "<|endoftext|>"],
}));

/** The vocabulary of the toy. */
export const VOCABULARY = grammarVocabulary(tokenizer);

/** The toy's tokenizer. */
export const TOKENIZER = tokenizer;

/** The engine with the toy's vocabulary. */
export const LLGUIDANCE = await Llguidance.open(VOCABULARY.bytes);

/** Returns tokens as text, without control tokens. */
export function textOf(tokens: Iterable<number>): string {
  const bytes = [...tokens].flatMap((id) =>
    tokenizer.isControl(id) ? [] : [...tokenizer.bytes(id)]
  );
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
