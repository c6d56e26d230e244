/**
 * Encodes questions about one conversation: each is asked at its end, and its answers are
 * what the assistant may begin with.
 *
 * @module
 */

import type { ScoredPrompt } from "../../bita/decode/score.ts";
import {
  checkTokens,
  encodeTexts,
  promptTexts,
  promptTooLong,
  type TextReader,
} from "../encode_texts.ts";
import { ApiError } from "../errors.ts";
import type { ChatMessage, ChatPrompt } from "../generation.ts";

/** A question as the model reads it, and the answers that are compared. */
export interface Question {
  text: string;
  answers: string[];
}

/** Questions about a conversation. */
export interface Questions {
  messages: ChatMessage[];
  questions: Question[];
}

/** The most characters to encode, as each question comes with the conversation. */
const MOST_CHARACTERS = 2 ** 23;

/**
 * Encodes questions and their answers, no content of which becomes a control token.
 *
 * @throws {ApiError} 400 if a question and its longest answer do not fit.
 */
export function encodeQuestions(
  asked: Questions,
  reader: TextReader,
): ScoredPrompt[] {
  const { context, tokenizer } = reader;
  const characters = weighQuestions(asked);
  if (characters > MOST_CHARACTERS) {
    throw promptTooLong(
      `${characters} characters > ${MOST_CHARACTERS} maximum, where the input counts for each question`,
      "input",
    );
  }
  return asked.questions.map((question) => {
    const prompt = encodePrompt(ask(asked.messages, question), reader);
    const answers = question.answers.map((text) => tokenizer.encode(text));
    const most = Math.max(...answers.map(({ length }) => length));
    checkTokens(prompt.length, { context, answer: most, param: "input" });
    return { prompt, answers };
  });
}

/** Returns about how long it takes to encode questions, in characters. */
export function weighQuestions({ messages, questions }: Questions): number {
  const texts = promptTexts({ prompt: { messages } });
  const input = texts.reduce((sum, { length }) => sum + length, 0);
  return questions.reduce((sum, { text, answers }) => {
    const more = answers.reduce((sum, { length }) => sum + length, text.length);
    return sum + input + more;
  }, 0);
}

/** Adds a question to a conversation; many templates refuse two user messages in a row. */
function ask(
  messages: readonly ChatMessage[],
  { text }: Question,
): ChatPrompt {
  const last = messages.at(-1);
  const isUsers = last?.role === "user";
  const content = isUsers ? `${last.content}\n\n${text}` : text;
  const before = isUsers ? messages.slice(0, -1) : messages;
  return {
    messages: [...before, { role: "user", content }],
    // An answer must not begin with thoughts.
    variables: { enable_thinking: false },
  };
}

/** Encodes the prompt of a question; errors name the parameter of this resource. */
function encodePrompt(prompt: ChatPrompt, reader: TextReader): Int32Array {
  try {
    return encodeTexts({ prompt }, reader).prompt;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, message, code } = error;
    throw new ApiError(status, message, {
      param: "input",
      ...code && { code },
    });
  }
}
