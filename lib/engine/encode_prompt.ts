/**
 * From what a request says to the tokens that the model reads, or to the reason
 * why it can't read them.
 *
 * @module
 */

import { ApiError } from "./errors.ts";
import type { ChatMessage, GenerationRequest } from "./generation.ts";
import type { ChatTemplate } from "../text/chat_template.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** What reads prompts. */
export interface PromptReader {
  tokenizer: Tokenizer;
  template: ChatTemplate;
  /** Tokens that a prompt and its answer may hold together. */
  context: number;
}

/** More characters than a text has for each of its tokens; English has four. */
const CHARACTERS_PER_TOKEN = 32;

/**
 * Encodes a prompt that leaves room for one more token at least.
 *
 * @throws {ApiError} 400 if there is no token, or none more has room.
 */
export function encodePrompt(
  prompt: GenerationRequest["prompt"],
  { tokenizer, template, context }: PromptReader,
): Int32Array {
  const isText = "text" in prompt;
  const param = isText ? "prompt" : "messages";
  const texts = isText
    ? [prompt.text]
    : prompt.messages.map(({ content }) => content);
  checkLength(texts, { context, param });
  const ids = isText
    ? tokenizer.encodePrompt(prompt.text)
    : encodeChat(prompt.messages, template);
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

/**
 * Encodes what a client predicts; no content becomes a control token.
 *
 * @throws {ApiError} 400 if it is longer than any answer.
 */
export function encodePrediction(
  text: string,
  { tokenizer, context }: Pick<PromptReader, "tokenizer" | "context">,
): Int32Array {
  const param = "prediction";
  checkLength([text], { context, param });
  const ids = tokenizer.encode(text);
  if (ids.length <= context) return ids;
  throw new ApiError(
    400,
    `Cannot read the prediction: it must have at most ${context} tokens: received ${ids.length}`,
    { param, code: "context_length_exceeded" },
  );
}

/** Refuses what can hardly fit, before the time is spent to encode it. */
function checkLength(
  texts: string[],
  { context, param }: { context: number; param: string },
): void {
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  const most = CHARACTERS_PER_TOKEN * context;
  if (length <= most) return;
  const what = param === "prediction" ? param : "prompt";
  throw new ApiError(
    400,
    `Cannot read the ${what}: it must have at most ${most} characters for ${context} tokens of context: received ${length}`,
    { param, code: "context_length_exceeded" },
  );
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
