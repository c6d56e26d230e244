/**
 * Reads the bodies of Ollama's `POST /api/chat` and `POST /api/generate`.
 *
 * @module
 */

import { z } from "zod";
import type { ChatMessage } from "../../engine/generation.ts";
import type { ToolCall } from "../../tools/tool.ts";
import type { ParseOptions } from "../openai/common_fields.ts";
import { flag, isObject, MOST_MESSAGES, unsupported } from "../fields.ts";
import { canContinue } from "../openai/parameters/template.ts";
import { readBody } from "../read_body.ts";
import {
  DEEPEST,
  depthIs,
  toolFields,
  toToolUse,
} from "../openai/tools/tool_fields.ts";
import {
  ollamaFields,
  type OllamaRequest,
  toOllamaRequest,
} from "./options.ts";

const MESSAGES = `must be an array of at most ${MOST_MESSAGES} messages`;
const MESSAGE = "must be an object with a role and content";
const ROLE = 'must be "system", "user", "assistant" or "tool"';
const TEXT = "must be a string";
const ARGUMENTS = `must be an object at most ${DEEPEST} levels deep`;

const text = z.string(TEXT).nullish();

const call = z.object({
  id: text,
  function: z.object({
    name: z.string(TEXT),
    arguments: z.custom<Record<string, unknown>>(
      (value) => isObject(value) && depthIs(DEEPEST, value),
      ARGUMENTS,
    ).meta({ type: "object" }).nullish(),
  }, "must be an object with a name and arguments"),
}, "must be an object with a function");

const message = z.object({
  role: z.enum(["system", "user", "assistant", "tool"], ROLE),
  content: text,
  images: unsupported(),
  tool_calls: z.array(call, "must be an array of calls").nullish(),
  tool_name: text,
  tool_call_id: text,
}, MESSAGE);

/** The body of a chat request. */
export const chatBody = z.object({
  ...ollamaFields,
  messages: z.array(message, MESSAGES).max(MOST_MESSAGES, MESSAGES).nullish(),
  tools: toolFields.tools,
}, "must be a JSON object");

/** The body of a request to answer or continue a text. */
export const generateBody = z.object({
  ...ollamaFields,
  prompt: text,
  system: text,
  raw: flag(),
  suffix: unsupported(""),
  template: unsupported(""),
  images: unsupported(),
  context: unsupported(),
}, "must be a JSON object");

/**
 * Reads the JSON text of a chat request.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseChatRequest(
  json: string,
  { randomSeed }: ParseOptions,
): OllamaRequest {
  const body = readBody(chatBody, json);
  const messages = toChatMessages(body.messages ?? []);
  const empty = messages.length === 0;
  const request = toOllamaRequest(
    { messages, ...canContinue(messages) && { ending: "text" } },
    { body, empty, randomSeed },
  );
  const { tools } = body;
  const use = toToolUse({ ...tools && { tools } });
  if (use) request.generation.tools = use;
  return request;
}

/**
 * Reads the JSON text of a request to answer a text, or with `raw` to continue it.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseGenerateRequest(
  json: string,
  { randomSeed }: ParseOptions,
): OllamaRequest {
  const body = readBody(generateBody, json);
  const prompt = body.prompt ?? "";
  const system: ChatMessage[] = body.system
    ? [{ role: "system", content: body.system }]
    : [];
  return toOllamaRequest(
    body.raw
      ? { text: prompt }
      : { messages: [...system, { role: "user", content: prompt }] },
    { body, empty: prompt === "", randomSeed },
  );
}

/**
 * Returns messages in the engine's terms. Ollama's calls need no ids: a result answers
 * the first call without one that has its name, or else the first of all.
 */
function toChatMessages(messages: z.infer<typeof message>[]): ChatMessage[] {
  let open: ToolCall[] = [];
  return messages.map(
    ({ role, content, tool_calls, tool_name, tool_call_id }, at) => {
      const said = { role, content: content ?? "" };
      if (role === "tool") {
        const answered = open.find(({ id }) => id === tool_call_id) ??
          open.find(({ name }) => name === tool_name) ?? open[0];
        open = open.filter((call) => call !== answered);
        return { ...said, toolCallId: answered?.id ?? "" };
      }
      if (role !== "assistant" || !tool_calls?.length) return said;
      const toolCalls = tool_calls.map(({ id, function: made }, i) => ({
        id: id || `call_${at}_${i}`,
        name: made.name,
        arguments: JSON.stringify(made.arguments ?? {}),
      }));
      open = [...toolCalls];
      return { ...said, toolCalls };
    },
  );
}
