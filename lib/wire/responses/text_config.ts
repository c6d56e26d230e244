/**
 * The `text` of a request: what the answer must look like.
 *
 * @module
 */

import { z } from "zod";
import { flag, isObject } from "../fields.ts";
import {
  jsonSchema,
  type StructuredOutputBody,
} from "../openai/parameters/structured_output.ts";

const FORMATS = 'must be "text", "json_object" or "json_schema"';

/** The shape of `text`; how many words it asks for is a hint. */
export const textConfig = z.object({
  format: z.discriminatedUnion("type", [
    z.object({ type: z.literal("text") }),
    z.object({ type: z.literal("json_object") }),
    z.object({
      type: z.literal("json_schema"),
      name: z.string("must be a string").nullish(),
      description: z.string("must be a string").nullish(),
      strict: flag(),
      schema: jsonSchema.nullish(),
    }),
  ], {
    error: ({ input }) =>
      isObject(input) ? FORMATS : "must be an object with a type",
  }).nullish(),
  verbosity: z.enum(["low", "medium", "high"], {
    error: 'must be "low", "medium" or "high"',
  }).nullish(),
}, "must be an object").nullish();

/** Returns a format as chats have it. */
export function toResponseFormat(
  text: z.infer<typeof textConfig>,
): StructuredOutputBody["response_format"] {
  const format = text?.format;
  if (format?.type !== "json_schema") return format;
  const { type, name, strict, schema } = format;
  return { type, json_schema: { name, strict, schema } };
}
