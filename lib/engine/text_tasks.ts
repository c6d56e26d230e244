/**
 * The work on texts that may take long. Each kind is a pure function with a weight, so
 * that it runs on any thread.
 *
 * @module
 */

import {
  type Tokens,
  type TokenText,
  toText,
  toTokens,
} from "../text/token_text.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { encodeQuestions, weighQuestions } from "./decide/encode_questions.ts";
import {
  checkLength,
  checkLengths,
  encodeTexts,
  promptTexts,
  type RequestTexts,
  type TextReader,
  withTemplate,
} from "./encode_texts.ts";
import { ApiError } from "./errors.ts";
import type { ChatPrompt } from "./generation.ts";

/** A chat, whose template makes a text of it. */
export interface Chat extends RequestTexts {
  prompt: ChatPrompt;
}

/** A text, and the parameter that it comes from, which errors name. */
export type NamedText = TokenText & { param: string };

/** The tasks by name. */
const TASKS = {
  encode: encodeTexts,
  questions: encodeQuestions,
  whole,
  tokenize,
  detokenize,
  render,
};

/** About how long a task takes, in characters of text. */
const WEIGHTS: { [Name in TaskName]: (input: TaskInput<Name>) => number } = {
  encode: (texts) => weightOf(promptTexts(texts), texts.prediction),
  questions: (asked) =>
    weighQuestions(asked) +
    asked.questions.length * (asked.messages.length + 1) * MESSAGE,
  whole: (texts) => weightOf(texts.filter((text) => typeof text === "string")),
  tokenize: (input) => weightOf(textsOf(input)),
  detokenize: (ids) => ids.length,
  render: (chat) => weightOf(promptTexts(chat)),
};

/** The name of a task. */
export type TaskName = keyof typeof TASKS;

/** What a task works on. */
export type TaskInput<Name extends TaskName> = Parameters<
  typeof TASKS[Name]
>[0];

/** What a task returns. */
export type TaskOutput<Name extends TaskName> = ReturnType<typeof TASKS[Name]>;

/** What runs tasks for one model. */
export interface Texts {
  /**
   * Runs a task, on another thread if it is a long one.
   *
   * @throws {ApiError} 400 if the model cannot read the input, or it is too long.
   * @throws the signal's reason if it aborts before.
   */
  run<Name extends TaskName>(
    name: Name,
    input: TaskInput<Name>,
    signal: AbortSignal,
  ): Promise<TaskOutput<Name>>;
}

/** Characters that one more message counts as: a template takes time for each. */
const MESSAGE = 20;

/**
 * Runs a task on this thread.
 *
 * @throws {ApiError} 400 if the model cannot read the input, or it is too long.
 */
export function runTask<Name extends TaskName>(
  name: Name,
  input: TaskInput<Name>,
  reader: TextReader,
): TaskOutput<Name> {
  const task = TASKS[name] as (
    input: TaskInput<Name>,
    reader: TextReader,
  ) => TaskOutput<Name>;
  return task(input, reader);
}

/** Returns about how long a task takes, in characters. */
export function weigh<Name extends TaskName>(
  name: Name,
  input: TaskInput<Name>,
): number {
  return WEIGHTS[name](input);
}

/** Turns texts to embed into tokens; each must fit into the context. */
function whole(
  texts: (string | number[])[],
  { tokenizer, context }: TextReader,
): Int32Array[] {
  return texts.map((text, i) => {
    const param = texts.length > 1 ? `input[${i}]` : "input";
    if (typeof text === "string") checkLength([text], context, param, "input");
    else checkIds(text, tokenizer, param);
    const ids = typeof text === "string"
      ? tokenizer.encodeWhole(text)
      : Int32Array.from(text);
    if (ids.length > 0 && ids.length <= context) return ids;
    throw new ApiError(
      400,
      `Cannot embed the input: it must have 1 to ${context} tokens: received ${ids.length}`,
      { param, ...ids.length > 0 && { code: "context_length_exceeded" } },
    );
  });
}

/** Turns a text or a chat into tokens; there may be more of them than the context holds. */
function tokenize(input: NamedText | Chat, reader: TextReader): Tokens {
  const { tokenizer, template, context } = reader;
  if ("parts" in input) {
    checkLength(textsOf(input), context, input.param, "text");
    const ids = input.parts.filter((part) => typeof part === "number");
    checkIds(ids, tokenizer, input.param);
    return toTokens(input, tokenizer);
  }
  checkLengths(input, reader);
  const { prompt, tools } = input;
  const ids = withTemplate(() => template.encode(prompt, tools?.tools));
  const plain = { addSpecial: false, parseSpecial: false };
  return toTokens({ parts: [...ids], ...plain }, tokenizer);
}

/** Turns tokens into text, control tokens spelled out. */
function detokenize(ids: number[], { tokenizer }: TextReader): string {
  checkIds(ids, tokenizer, "tokens");
  return toText(ids, tokenizer);
}

/** Renders a chat as the text of its prompt. */
function render(chat: Chat, reader: TextReader): string {
  checkLengths(chat, reader);
  const { prompt, tools } = chat;
  return withTemplate(() => reader.template.render(prompt, tools?.tools));
}

function checkIds(ids: number[], { size }: Tokenizer, param: string): void {
  const unknown = ids.find((id) => id >= size);
  if (unknown === undefined) return;
  throw new ApiError(
    400,
    `Cannot read the tokens: token ids must be below ${size}: received ${unknown}`,
    { param },
  );
}

function textsOf(input: NamedText | Chat): string[] {
  return "parts" in input
    ? input.parts.filter((part) => typeof part === "string")
    : promptTexts(input);
}

function weightOf(texts: string[], prediction = ""): number {
  return texts.reduce(
    (sum, text) => sum + MESSAGE + text.length,
    prediction.length,
  );
}
