/**
 * The tools of an Anthropic request, and how the answer may use them.
 *
 * @module
 */

import { z } from "zod";
import type { Tool, ToolUse } from "../../tools/tool.ts";
import { badRequest } from "../bad_request.ts";
import { flag, isObject } from "../fields.ts";
import {
  MOST_TOOLS,
  toolName,
  toolParameters,
} from "../openai/tools/tool_fields.ts";
import { type JsonSchema, sentAs } from "../openapi/json_schema.ts";
import { cacheControl } from "./blocks.ts";

const TOOLS = `must be an array of at most ${MOST_TOOLS} tools`;
const TOOL = "must be an object with a name and an input_schema";
const TYPE = 'must be "auto", "any", "tool" or "none"';

const tool = sentAs(
  z.preprocess(
    toKnownType,
    z.discriminatedUnion("type", [
      z.object({
        type: z.literal("custom"),
        name: toolName,
        description: z.string("must be a string").nullish(),
        input_schema: toolParameters,
        strict: flag(),
        cache_control: cacheControl,
      }),
      z.object({ type: z.literal("built-in"), cache_control: cacheControl }),
    ], TOOL),
  ),
  toToolForms,
);

/** The type of a tool of the client's own may be absent; any other is Anthropic's. */
function toToolForms({ oneOf, anyOf }: JsonSchema): JsonSchema {
  const [own] = (oneOf ?? anyOf) as JsonSchema[];
  const { type: _, ...properties } = own.properties as Record<string, unknown>;
  const type = { enum: [null, "custom"] };
  const hosted = { type: "string", not: { const: "custom" } };
  return {
    anyOf: [
      {
        ...own,
        properties: { ...properties, type },
        required: ["name", "input_schema"],
      },
      {
        type: "object",
        properties: { type: hosted },
        required: ["type"],
      },
    ],
  };
}

const choice = z.discriminatedUnion("type", [
  z.object({ type: z.literal("auto"), disable_parallel_tool_use: flag() }),
  z.object({ type: z.literal("any"), disable_parallel_tool_use: flag() }),
  z.object({ type: z.literal("tool"), name: z.string("must be a string") }),
  z.object({ type: z.literal("none") }),
], {
  error: ({ code }) => code === "invalid_union" ? TYPE : "must be an object",
});

/** The shape of the fields. */
export const toolFields = {
  tools: z.array(tool, TOOLS).max(MOST_TOOLS, TOOLS).nullish(),
  tool_choice: choice.nullish(),
};

/**
 * Returns the tools of a request and how the answer may use them, if it may. Tools that
 * only Anthropic's models have are left out.
 *
 * @throws {ApiError} 400 if two tools share a name, or the choice names none of them.
 */
export function toToolUse(
  { tools, tool_choice }: z.infer<z.ZodObject<typeof toolFields>>,
): ToolUse | undefined {
  const own = new Map<string, Tool>();
  for (const [i, tool] of (tools ?? []).entries()) {
    if (tool.type !== "custom") continue;
    const { name, description, input_schema, strict } = tool;
    if (own.has(name)) {
      throw badRequest(`tools[${i}].name`, {
        must: "must be the name of no other tool",
        received: name,
      });
    }
    own.set(name, {
      name,
      parameters: input_schema,
      ...description != null && { description },
      ...strict && { strict },
    });
  }
  const choice = tool_choice ?? { type: "auto" };
  if (choice.type === "none") return undefined;
  const required = choice.type !== "auto";
  if (choice.type === "tool" && !own.has(choice.name)) {
    throw badRequest("tool_choice.name", {
      must: "must be the name of one of the tools",
      received: choice.name,
    });
  }
  if (own.size === 0) {
    if (!required) return undefined;
    throw badRequest("tool_choice", {
      must: "must be absent where there are no tools",
      received: choice.type,
    });
  }
  return {
    tools: [...own.values()],
    callable: choice.type === "tool" ? [choice.name] : [...own.keys()],
    required,
    parallel: choice.type !== "tool" && !choice.disable_parallel_tool_use,
  };
}

/** A tool of Anthropic's, such as a web search, has a type that ends with a date. */
function toKnownType(tool: unknown): unknown {
  if (!isObject(tool)) return tool;
  const { type, cache_control } = tool;
  if (type == null) return { ...tool, type: "custom" };
  return typeof type === "string" && type !== "custom"
    ? { type: "built-in", cache_control }
    : tool;
}
