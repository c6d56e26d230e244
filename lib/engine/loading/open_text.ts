/**
 * From the metadata of a model's file to what reads and writes its text.
 *
 * @module
 */

import type { Metadata } from "../../../models/gguf/field.ts";
import { ggufVocabulary } from "../../../models/gguf/vocabulary.ts";
import { ChatTemplate } from "../../text/chat_template.ts";
import { Tokenizer } from "../../text/tokenizer.ts";

/**
 * Opens a model's vocabulary, tokenizer and chat template.
 *
 * @throws {TypeError} if its vocabulary is of no known kind.
 */
export function openText(metadata: Metadata) {
  const vocabulary = ggufVocabulary(metadata);
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  return { vocabulary, tokenizer, template };
}
