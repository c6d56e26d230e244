/**
 * Encodes the texts of a request as tokens, and refuses texts that the model cannot
 * read.
 *
 * @module
 */

import type { ChatTemplate } from "../text/chat_template.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Tool } from "../tools/tool.ts";
import { ApiError } from "./errors.ts";
import type { GenerationRequest } from "./generation.ts";

/** The texts of a request. */
export interface RequestTexts
  extends Pick<GenerationRequest, "prompt" | "prediction"> {
  /** The tools that the prompt describes. */
  tools?: { tools: readonly Tool[] };
}

/** The texts of a request as tokens. */
export interface EncodedTexts {
  prompt: Int32Array;
  prediction?: Int32Array | undefined;
}

/** What encodes texts. */
export interface TextReader {
  tokenizer: Tokenizer;
  template: ChatTemplate;
  /** Tokens that a prompt and its answer may hold together. */
  context: number;
}

/** More characters than a text has for each of its tokens; English has four. */
const CHARACTERS_PER_TOKEN = 32;

/**
 * Refuses texts that can hardly fit, before the time is spent to encode them.
 *
 * @throws {ApiError} 400 if a text is too long.
 */
export function checkLengths(
  request: RequestTexts,
  { context }: { context: number },
): void {
  const { prompt, prediction } = request;
  if ("tokens" in prompt) {
    return checkTokens(prompt.tokens.length, { context, param: "prompt" });
  }
  checkLength(promptTexts(request), context, paramOf(prompt));
  checkLength([prediction ?? ""], context, "prediction", "prediction");
}

/**
 * Refuses texts that together have more characters than a context holds tokens for.
 *
 * @param param the parameter that has them.
 * @param what what they are called in the error.
 * @throws {ApiError} 400 if they do.
 */
export function checkLength(
  texts: readonly string[],
  context: number,
  param: string,
  what = "prompt",
): void {
  const most = CHARACTERS_PER_TOKEN * context;
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length <= most) return;
  throw new ApiError(
    400,
    `Cannot read the ${what}: ${what} is too long: ${length} characters > ${most} maximum, as the maximum context length is ${context} tokens`,
    { param, code: "context_length_exceeded" },
  );
}

/**
 * Encodes a prompt that leaves room for one more token at least, and a prediction, no
 * content of which becomes a control token.
 *
 * @throws {ApiError} 400 if the prompt has no token, or a text has too many.
 */
export function encodeTexts(
  request: RequestTexts,
  reader: TextReader,
): EncodedTexts {
  checkLengths(request, reader);
  const { prediction } = request;
  const encoded = { prompt: encodePrompt(request, reader) };
  if (prediction === undefined) return encoded;
  const ids = reader.tokenizer.encode(prediction);
  if (ids.length <= reader.context) return { ...encoded, prediction: ids };
  throw new ApiError(
    400,
    `Cannot read the prediction: it must have at most ${reader.context} tokens: received ${ids.length}`,
    { param: "prediction", code: "context_length_exceeded" },
  );
}

/** Lists the texts that a prompt is made of. */
export function promptTexts({ prompt, tools }: RequestTexts): string[] {
  if ("tokens" in prompt) return [];
  if ("text" in prompt) return [prompt.text];
  const described = tools?.tools ?? [];
  return [
    ...prompt.messages.flatMap(({ content, toolCalls = [] }) => [
      content,
      ...toolCalls.map((call) => call.arguments),
    ]),
    ...described.map((tool) => JSON.stringify(tool)),
  ];
}

/**
 * Refuses a prompt that leaves no room for an answer.
 *
 * @param options.answer tokens of the answer. @default 1
 * @throws {ApiError} 400 if it does.
 */
export function checkTokens(
  length: number,
  { context, answer = 1, param }: {
    context: number;
    answer?: number;
    param: string;
  },
): void {
  const most = context - answer;
  if (length <= most) return;
  throw promptTooLong(
    `${length} tokens > ${most} maximum, as the maximum context length is ${context} tokens with the answer`,
    param,
  );
}

/** Returns the error of a prompt that is too long. */
export function promptTooLong(what: string, param: string): ApiError {
  return new ApiError(
    400,
    // Clients know this error by these words of Anthropic's and of OpenAI's servers.
    `Cannot read the prompt: prompt is too long: ${what}`,
    { param, code: "context_length_exceeded" },
  );
}

function encodePrompt(
  { prompt, tools }: RequestTexts,
  { tokenizer, template, context }: TextReader,
): Int32Array {
  const param = paramOf(prompt);
  const ids = "messages" in prompt
    ? withTemplate(() => template.encode(prompt, tools?.tools))
    : encodePromptText(prompt, tokenizer);
  if (ids.length === 0) {
    throw new ApiError(
      400,
      "Cannot complete the prompt: at least one token is required: received none",
      { param },
    );
  }
  checkTokens(ids.length, { context, param });
  return ids;
}

function encodePromptText(
  prompt: { text: string } | { tokens: number[] },
  tokenizer: Tokenizer,
): Int32Array {
  if ("text" in prompt) return tokenizer.encodePrompt(prompt.text);
  const unknown = prompt.tokens.find((id) => id >= tokenizer.size);
  if (unknown === undefined) return Int32Array.from(prompt.tokens);
  throw new ApiError(
    400,
    `Cannot read the prompt: token ids must be below ${tokenizer.size}: received ${unknown}`,
    { param: "prompt" },
  );
}

/**
 * Calls what a chat template may refuse.
 *
 * @throws {ApiError} 400 if it does.
 */
export function withTemplate<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ApiError(400, error.message, { param: "messages" });
  }
}

function paramOf(prompt: RequestTexts["prompt"]): string {
  return "messages" in prompt ? "messages" : "prompt";
}
