/**
 * The items of a conversation, as a request lists them: messages, calls of functions and
 * their outputs. A text alone is a message of the user's.
 *
 * @module
 */

import { z } from "zod";
import { isObject, MOST_MESSAGES } from "../fields.ts";
import { toolName } from "../openai/tools/tool_fields.ts";

const INPUT = "must be a string or an array of items";
const TYPE =
  'must be "message", "function_call", "function_call_output", "reasoning" or "item_reference"';
const ITEM = "must be an object with a type, or with a role and content";
const ROLE = 'must be "system", "developer", "user" or "assistant"';
const CONTENT = "must be a string or an array of text parts";
const PART = "must be an object with a type and a text";
const PART_TYPE =
  'must be "input_text" or "output_text", as only text is supported';
const TEXT = "must be a string";
const ID = "must be a string of 1 to 256 characters";
const ARGUMENTS = "must be a string of JSON";

/** An item, with its text parts joined. */
export type Item =
  | { type: "message"; role: "system" | "user" | "assistant"; text: string }
  | { type: "function_call"; call_id: string; name: string; arguments: string }
  | { type: "function_call_output"; call_id: string; output: string }
  | { type: "item_reference"; id: string }
  /** No model here reads what another one has thought. */
  | { type: "reasoning" };

const id = z.string(ID).min(1, ID).max(256, ID);

const part = z.preprocess(
  toTextPart,
  z.object({ type: z.literal("text", PART_TYPE), text: z.string(TEXT) }, PART),
);

/** Reads text, whole or in parts. */
const content = z.preprocess(
  (value) =>
    typeof value === "string" ? [{ type: "text", text: value }] : value,
  z.array(part, CONTENT),
).transform((parts) => parts.map(({ text }) => text).join("\n"));

const message = z.object({
  type: z.literal("message"),
  role: z.enum(["system", "developer", "user", "assistant"], ROLE),
  content,
}).transform(({ type, role, content: text }): Item => ({
  type,
  role: role === "developer" ? "system" : role,
  text,
}));

const call = z.object({
  type: z.literal("function_call"),
  call_id: id,
  name: toolName,
  arguments: z.string(ARGUMENTS),
});

const output = z.object({
  type: z.literal("function_call_output"),
  call_id: id,
  output: content,
});

const reference = z.object({ type: z.literal("item_reference"), id });

const reasoning = z.object({ type: z.literal("reasoning") });

const item = z.preprocess(
  fillType,
  z.discriminatedUnion(
    "type",
    [message, call, output, reference, reasoning],
    { error: ({ input }) => isObject(input) ? TYPE : ITEM },
  ),
);

/** Reads a list of items; their number is checked first, as it costs least. */
export const items: z.ZodType<Item[]> = z.unknown()
  .refine(
    (value) => !Array.isArray(value) || value.length <= MOST_MESSAGES,
    `must be at most ${MOST_MESSAGES} items`,
  )
  .pipe(z.array(item, INPUT));

/** Reads the `input` of a request. */
export const input: z.ZodType<Item[]> = z.preprocess(
  (value) =>
    typeof value === "string" ? [{ role: "user", content: value }] : value,
  items,
);

/** A refusal that an assistant has written is text like any other. */
function toTextPart(value: unknown): unknown {
  if (!isObject(value)) return value;
  switch (value.type) {
    case "input_text":
    case "output_text":
      return { type: "text", text: value.text };
    case "refusal":
      return { type: "text", text: value.refusal };
    default:
      return value;
  }
}

/** Messages and references may have no type. */
function fillType(value: unknown): unknown {
  if (!isObject(value) || value.type != null) return value;
  if (value.role !== undefined) return { ...value, type: "message" };
  return value.id === undefined ? value : { ...value, type: "item_reference" };
}
