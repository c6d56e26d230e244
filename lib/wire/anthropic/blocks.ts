/**
 * The messages of an Anthropic request: text, or blocks of text, calls of tools and
 * their results. They become the engine's messages.
 *
 * @module
 */

import { z } from "zod";
import type { ChatMessage } from "../../engine/generation.ts";
import { badRequest } from "../bad_request.ts";
import { type JsonSchema, sentAs } from "../openapi/json_schema.ts";
import { flag, isObject, MOST_MESSAGES } from "../fields.ts";
import { DEEPEST, depthIs } from "../openai/tools/tool_fields.ts";
import { findUnmatched } from "../openai/tools/tool_messages.ts";

const MESSAGES = `must be an array of 1 to ${MOST_MESSAGES} messages`;
const MESSAGE = "must be an object with a role and content";
const ROLE = 'must be "user", "assistant" or "system"';
const CONTENT = "must be a string or an array of blocks";
const BLOCK = "must be an object with a type";
const TYPE =
  'must be "text", "tool_use", "tool_result" or "thinking", as only text is supported';
const TEXT = "must be a string";
const TEXTS = "must be a string or an array of text blocks";
const ID = "must be a string of 1 to 256 characters";
const INPUT = `must be an object at most ${DEEPEST} levels deep`;

/** How long a client expects a prompt to be of use. */
export const cacheControl = z.object({
  type: z.literal("ephemeral", 'must be "ephemeral"'),
  ttl: z.enum(["5m", "1h"], 'must be "5m" or "1h"').nullish(),
}, "must be an object").nullish();

const id = z.string(ID).min(1, ID).max(256, ID);

const textBlock = z.object({
  type: z.literal("text", 'must be "text", as only text is supported'),
  text: z.string(TEXT),
  cache_control: cacheControl,
}, "must be a text block");

/** Text, whole or in blocks, as a list of blocks. */
export const textBlocks = sentAs(
  z.preprocess(toBlocks, z.array(textBlock, TEXTS)),
  orString,
);

const block = z.discriminatedUnion("type", [
  textBlock,
  z.object({
    type: z.literal("tool_use"),
    id,
    name: z.string(ID).min(1, ID).max(256, ID),
    input: z.custom<Record<string, unknown>>(
      (value) => isObject(value) && depthIs(DEEPEST, value),
      INPUT,
    ).meta({ type: "object" }),
    cache_control: cacheControl,
  }),
  z.object({
    type: z.literal("tool_result"),
    tool_use_id: id,
    content: textBlocks.nullish(),
    is_error: flag(),
    cache_control: cacheControl,
  }),
  z.object({ type: z.enum(["thinking", "redacted_thinking"]) }),
], { error: ({ code }) => code === "invalid_union" ? TYPE : BLOCK });

const message = z.object({
  role: z.enum(["user", "assistant", "system"], ROLE),
  content: sentAs(
    z.preprocess(toBlocks, z.array(block, CONTENT)),
    orString,
  ),
}, MESSAGE);

/** The messages of a request. */
export const messages = z.array(message, MESSAGES)
  .min(1, MESSAGES).max(MOST_MESSAGES, MESSAGES);

/** One message of a request. */
export type Message = z.infer<typeof message>;

/**
 * Returns messages in the engine's terms. What an assistant has thought is left out.
 *
 * @throws {ApiError} 400 if a call has no result, or a result no call.
 */
export function toChatMessages(messages: Message[]): ChatMessage[] {
  const chat = messages.map(toMessages);
  const unmatched = findUnmatched(chat.flat());
  if (unmatched) {
    const origins = chat.flatMap((part, from) => part.map(() => from));
    throw badRequest(`messages[${origins[unmatched.at]}].content`, {
      must: unmatched.kind === "call"
        ? "must be followed by a tool_result block for each tool_use block"
        : "must have the ids of tool_use blocks in the message before",
      received: unmatched.id,
    });
  }
  return chat.flat();
}

/** Joins text blocks as the chat route joins text parts. */
export function joinText(blocks: readonly { text: string }[]): string {
  return blocks.map(({ text }) => text).join("\n");
}

/** Returns the results of a message, each a message of its own, and then its text. */
function toMessages({ role, content }: Message, at: number): ChatMessage[] {
  const of = <T extends Block["type"]>(type: T) =>
    content.filter((block): block is Extract<Block, { type: T }> =>
      block.type === type
    );
  const [texts, calls, results] = [
    of("text"),
    of("tool_use"),
    of("tool_result"),
  ];
  if (calls.length > 0 && role !== "assistant") {
    throw misplaced(at, "tool_use", "an assistant's");
  }
  if (results.length > 0 && role !== "user") {
    throw misplaced(at, "tool_result", "a user's");
  }
  const toolCalls = calls.map(({ id, name, input }) => ({
    id,
    name,
    arguments: JSON.stringify(input),
  }));
  const answered = results.map(({ tool_use_id, content }): ChatMessage => ({
    role: "tool",
    content: joinText(content ?? []),
    toolCallId: tool_use_id,
  }));
  if (answered.length > 0 && texts.length === 0) return answered;
  return [...answered, {
    role,
    content: joinText(texts),
    ...toolCalls.length > 0 && { toolCalls },
  }];
}

type Block = z.infer<typeof block>;

function misplaced(at: number, type: string, whose: string) {
  return badRequest(`messages[${at}].content`, {
    must: `must have a ${type} block only in ${whose} message`,
    received: type,
  });
}

function orString(blocks: JsonSchema): JsonSchema {
  return { anyOf: [{ type: "string" }, blocks] };
}

function toBlocks(value: unknown): unknown {
  return typeof value === "string" ? [{ type: "text", text: value }] : value;
}
