/**
 * From what a request says to the tokens that the model reads, or to the reason
 * why it can't read them.
 *
 * @module
 */

import { ApiError } from "./errors.ts";
import type { ChatMessage, GenerationRequest } from "./generation.ts";
import type { ChatTemplate } from "./text/chat_template.ts";
import type { Tokenizer } from "./text/tokenizer.ts";

/** What reads prompts. */
export interface PromptReader {
  tokenizer: Tokenizer;
  template: ChatTemplate;
  /** Tokens that a prompt and its answer may hold together. */
  context: number;
}

/**
 * Encodes a prompt that leaves room for one more token at least.
 *
 * @throws {ApiError} 400 if there is no token, or none more has room.
 */
export function encodePrompt(
  prompt: GenerationRequest["prompt"],
  { tokenizer, template, context }: PromptReader,
): Int32Array {
  const [ids, param] = "text" in prompt
    ? [tokenizer.encodePrompt(prompt.text), "prompt"]
    : [encodeChat(prompt.messages, template), "messages"];
  if (ids.length === 0) {
    throw new ApiError(
      400,
      "Cannot complete the prompt: at least one token is required: received none",
      { param },
    );
  }
  if (ids.length >= context) {
    throw new ApiError(
      400,
      `Cannot read the prompt: it must be shorter than ${context} tokens: received ${ids.length}`,
      { param, code: "context_length_exceeded" },
    );
  }
  return ids;
}

function encodeChat(
  messages: ChatMessage[],
  template: ChatTemplate,
): Int32Array {
  try {
    return template.encode(messages);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ApiError(400, error.message, { param: "messages" });
  }
}
