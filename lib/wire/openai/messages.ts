/**
 * The `messages` of a chat: roles mapped to three, text parts joined by line breaks.
 *
 * @module
 */

import { z } from "zod";
import type { ChatMessage } from "../../engine/generation.ts";
import { type JsonSchema, sentAs } from "../openapi/json_schema.ts";
import { isObject, MOST_MESSAGES, unsupported } from "../fields.ts";
import {
  checkResults,
  toolMessageFields,
  toToolMessage,
} from "./tools/tool_messages.ts";

const MESSAGES = "must be an array of at least one message";
const MESSAGE = "must be an object with a role and content";
const ROLE = 'must be "system", "developer", "user", "assistant" or "tool"';
const CONTENT = "must be a string or an array of text parts";
const PART = "must be an object with a type and a text";
const TYPE = 'must be "text", as only text is supported';
const TEXT = "must be a string";

const part = z.preprocess(
  toTextPart,
  z.object({
    type: z.literal("text", TYPE),
    text: z.string(TEXT),
  }, PART),
);

/** Reads text, whole, as one part or in parts, as a list of parts. */
export const content = sentAs(
  z.preprocess((value) => {
    if (typeof value === "string") return [{ type: "text", text: value }];
    return isObject(value) ? [value] : value;
  }, z.array(part, CONTENT)),
  (parts) => ({ anyOf: [{ type: "string" }, parts] }),
);

const message = sentAs(
  z.preprocess(
    fillContent,
    z.object({
      role: z.enum(["system", "developer", "user", "assistant", "tool"], ROLE),
      ...toolMessageFields,
      function_call: unsupported(),
      audio: unsupported(),
      content,
    }, MESSAGE),
  ),
  toMessageForms,
).transform(({ role, content, ...more }): ChatMessage => ({
  role: role === "developer" ? "system" : role,
  content: content.map(({ text }) => text).join("\n"),
  ...toToolMessage(role, more),
}));

/** Reads the messages of a chat; their number is checked first, as it costs least. */
export const messages = z.preprocess(
  checkNumber,
  z.array(message, MESSAGES).min(1, MESSAGES).superRefine(checkResults)
    .meta({ maxItems: MOST_MESSAGES }),
);

function checkNumber(value: unknown, context: z.RefinementCtx): unknown {
  if (!Array.isArray(value) || value.length <= MOST_MESSAGES) return value;
  const message = `must be at most ${MOST_MESSAGES} messages`;
  context.addIssue({ code: "custom", message, input: value });
  return z.NEVER;
}

/** An assistant's message may have no content, and a tool's message has a call's id. */
function toMessageForms(
  { properties, ...json }: JsonSchema,
): JsonSchema {
  const { role: _, content, tool_calls, tool_call_id, ...more } =
    properties as Record<string, JsonSchema>;
  const form = (roles: string[], fields: Record<string, unknown>) => ({
    ...json,
    properties: { role: { enum: roles }, ...fields, ...more },
  });
  return {
    anyOf: [
      form(["system", "developer", "user"], { content }),
      {
        ...form(["assistant"], {
          content: { anyOf: [content, { type: "null" }] },
          tool_calls,
        }),
        required: ["role"],
      },
      {
        ...form(["tool"], { content, tool_call_id }),
        required: ["role", "content", "tool_call_id"],
      },
    ],
  };
}

/** A refusal that an assistant has written is text like any other. */
function toTextPart(value: unknown): unknown {
  if (!isObject(value) || value.type !== "refusal") return value;
  return { type: "text", text: value.refusal };
}

/** An assistant's message may have no content. */
function fillContent(value: unknown): unknown {
  if (!isObject(value) || value.role !== "assistant") return value;
  return { ...value, content: value.content ?? [] };
}
