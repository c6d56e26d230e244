/**
 * The repository's own prompts, as a chat client would send them to the default
 * model.
 *
 * @module
 */

import { ChatTemplate } from "../../lib/text/chat_template.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { PROMPTS } from "../real_model.ts";
import { readVocabulary } from "../text/_vocabulary.ts";

const vocabulary = await readVocabulary();
const tokenizer = new Tokenizer(vocabulary);
const template = new ChatTemplate(vocabulary, tokenizer);

/** Tokens that end an answer. */
export const END_TOKENS: ReadonlySet<number> = tokenizer.endTokens;

/** Encodes a text that is no chat. */
export function encode(text: string): Int32Array {
  return tokenizer.encode(text);
}

/** All prompts, encoded; each category has five, the fourth a long one. */
export const CHATS: Int32Array[] = PROMPTS.map(({ prompt }) =>
  template.encode({ messages: [{ role: "user", content: prompt }] })
);

/** The first of each category, and a long one of every other: a dozen. */
export const DOZEN: Int32Array[] = CHATS.filter((_, i) =>
  i % 5 === 0 || i % 10 === 3
);

/** Encodes a text to go on from. */
export function encodeText(text: string): Int32Array {
  return tokenizer.encodePrompt(text);
}
