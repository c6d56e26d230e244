/**
 * What decisions are about: a text or the items of a conversation, as `/v1/responses`
 * reads them, and besides JSON and calls of custom tools.
 *
 * @module
 */

import { z } from "zod";
import { isObject } from "../fields.ts";
import { input as responseInput, type Item } from "../responses/input_items.ts";

const INPUT = "must be a string or an array of at least one item";
const ITEM = "must be a message, a call of a tool or its output";
const INSTRUCTIONS = "must be a string or an array of text and JSON parts";
const PART = 'must have the type "input_text" or "input_json"';

/** The `input` of a request, as the items of a conversation. */
export const input: z.ZodType<Item[]> = z.preprocess(
  (value) => Array.isArray(value) ? value.map(toResponseItem) : value,
  responseInput.refine((items) => items.length > 0, INPUT)
    .superRefine((items, context) => {
      const at = items.findIndex(({ type }) =>
        type === "item_reference" || type === "reasoning"
      );
      if (at >= 0) {
        context.addIssue({
          code: "custom",
          path: [at],
          message: ITEM,
          input: items[at].type,
        });
      }
    }),
);

const part = z.preprocess(
  toTextPart,
  z.object({ type: z.literal("input_text", PART), text: z.string() }, PART),
);

/** The `instructions` of a question, as text. */
export const instructions = z.union([
  z.string(INSTRUCTIONS),
  z.array(part, INSTRUCTIONS)
    .transform((parts) => parts.map(({ text }) => text).join("\n")),
], INSTRUCTIONS);

/** Writes an item as `/v1/responses` has it. */
function toResponseItem(value: unknown): unknown {
  if (!isObject(value)) return value;
  switch (value.type) {
    case "custom_tool_call": {
      const json = JSON.stringify({ input: value.input ?? "" });
      return { ...value, type: "function_call", arguments: json };
    }
    case "custom_tool_call_output":
    case "function_call_output": {
      const output = toTextParts(value.output);
      return { ...value, type: "function_call_output", output };
    }
    default:
      return { ...value, content: toTextParts(value.content) };
  }
}

function toTextParts(content: unknown): unknown {
  return Array.isArray(content) ? content.map(toTextPart) : content;
}

/** JSON is written as text, without white space. */
function toTextPart(value: unknown): unknown {
  if (!isObject(value) || value.type !== "input_json") return value;
  if (typeof value.data !== "object" || value.data === null) return value;
  return { type: "input_text", text: JSON.stringify(value.data) };
}
