/**
 * The vocabulary of the model file that the environment variable `GGUF` names.
 *
 * @module
 */

import { gguf } from "@huggingface/gguf";
import type { Vocabulary } from "../../lib/text/vocabulary.ts";

/** Reads the vocabulary of the default model. */
export async function readVocabulary(): Promise<Vocabulary> {
  const path = Deno.env.get("GGUF");
  if (path === undefined) {
    throw new TypeError("Cannot read a vocabulary: GGUF must be set");
  }
  const { metadata } = await gguf(path, { allowLocalFile: true });
  const field = (name: string) =>
    (metadata as Record<string, unknown>)[`tokenizer.${name}`] as never;
  return {
    model: field("ggml.model"),
    pre: field("ggml.pre"),
    tokens: field("ggml.tokens"),
    types: field("ggml.token_type"),
    merges: field("ggml.merges"),
    bosToken: field("ggml.bos_token_id"),
    eosToken: field("ggml.eos_token_id"),
    addBosToken: field("ggml.add_bos_token"),
    chatTemplate: field("chat_template"),
  };
}
