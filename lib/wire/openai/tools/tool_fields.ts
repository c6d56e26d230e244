/**
 * The fields of a chat request about tools, and what they ask of the engine.
 *
 * @module
 */

import { z } from "zod";
import type { Tool, ToolUse } from "../../../tools/tool.ts";
import { badRequest } from "../bad_request.ts";
import { flag, isObject } from "../fields.ts";

/** As many as OpenAI takes. */
export const MOST_TOOLS = 128;

/** The deepest nesting of schemas and arguments; what reads them is recursive. */
export const DEEPEST = 64;

const TOOLS = `must be an array of at most ${MOST_TOOLS} tools`;
const TOOL = 'must be an object with the type "function" and a function';
const TYPE = 'must be "function"';
const FUNCTION = "must be an object with a name";
const NAME = "must be 1 to 64 letters, digits, underscores or hyphens";
const DESCRIPTION = "must be a string";
const PARAMETERS =
  `must be a JSON schema of an object, at most ${DEEPEST} levels deep`;
const LEGACY = "is not supported, as tools have replaced it";

/** The name of a tool. */
export const toolName = z.string(NAME).regex(/^[a-zA-Z0-9_-]{1,64}$/, NAME);

/** The JSON schema of a tool's arguments. */
export const toolParameters = z.custom<Record<string, unknown>>(
  isSchema,
  PARAMETERS,
);

const tool = z.object({
  type: z.literal("function", TYPE),
  function: z.object({
    name: toolName,
    description: z.string(DESCRIPTION).nullish(),
    parameters: toolParameters.nullish(),
    strict: flag(),
  }, FUNCTION),
}, TOOL);

/** The shape of the fields. */
export const toolFields = {
  tools: z.array(tool, TOOLS).max(MOST_TOOLS, TOOLS)
    .superRefine(checkNames).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: flag(),
  functions: legacy(),
  function_call: legacy("none", "auto"),
};

/** The fields, once read. */
export type ToolBody = z.infer<z.ZodObject<typeof toolFields>>;

/**
 * Returns the tools of a request and how the answer may use them, if it may.
 *
 * @throws {ApiError} 400 if `tool_choice` is wrong or names no tool.
 */
export function toToolUse(body: ToolBody): ToolUse | undefined {
  const tools = (body.tools ?? []).map((tool) => toTool(tool.function));
  const { required, names, single } = readChoice(body.tool_choice, tools);
  if (tools.length === 0 || names.length === 0) return undefined;
  const parallel = !single && (body.parallel_tool_calls ?? true);
  return { tools, callable: names, required, parallel };
}

function toTool(
  { name, description, parameters, strict }: z.infer<typeof tool>["function"],
): Tool {
  return {
    name,
    ...(description != null && { description }),
    ...(parameters && { parameters }),
    ...(strict && { strict }),
  };
}

/** What a choice allows: no names are no calls. */
interface Choice {
  required: boolean;
  names: string[];
  /** Whether there is one call only. */
  single: boolean;
}

function readChoice(value: unknown, tools: Tool[]): Choice {
  const names = tools.map(({ name }) => name);
  const choice = value as Record<string, unknown>;
  switch (isObject(value) ? choice.type : value ?? "auto") {
    case "none":
      return { required: false, names: [], single: false };
    case "auto":
      return { required: false, names, single: false };
    case "required":
      if (names.length > 0) return { required: true, names, single: false };
      throw badRequest("tool_choice", {
        must: "must be absent where there are no tools",
        received: value,
      });
    case "function": {
      const named = [nameOf(choice, names, "tool_choice")];
      return { required: true, names: named, single: true };
    }
    case "allowed_tools":
      return readAllowed(choice.allowed_tools, names);
  }
  throw badRequest("tool_choice", {
    must: 'must be "none", "auto", "required" or name a function',
    received: value,
  });
}

function readAllowed(value: unknown, names: string[]): Choice {
  const param = "tool_choice.allowed_tools";
  const { mode, tools } = isObject(value) ? value : {};
  if ((mode === "auto" || mode === "required") && Array.isArray(tools)) {
    const allowed = tools.map((tool, i) =>
      nameOf(tool, names, `${param}.tools[${i}]`)
    );
    const unique = [...new Set(allowed)];
    if (unique.length > 0) {
      return { required: mode === "required", names: unique, single: false };
    }
  }
  throw badRequest(param, {
    must: 'must have a mode, "auto" or "required", and tools',
    received: value,
  });
}

/** Returns the name of a function that is one of the tools. */
function nameOf(value: unknown, names: string[], param: string): string {
  const { function: named } = isObject(value) ? value : {};
  const { name } = isObject(named) ? named : {};
  if (typeof name === "string" && names.includes(name)) return name;
  throw badRequest(`${param}.function.name`, {
    must: "must be the name of one of the tools",
    received: name,
  });
}

function checkNames(
  tools: z.infer<typeof tool>[],
  context: z.RefinementCtx,
): void {
  const names = new Set<string>();
  for (const [i, { function: { name } }] of tools.entries()) {
    if (names.has(name)) {
      const path = [i, "function", "name"];
      const message = "must be the name of no other tool";
      context.addIssue({ code: "custom", path, message, input: name });
    }
    names.add(name);
  }
}

function isSchema(value: unknown): boolean {
  if (!isObject(value)) return false;
  return (value.type ?? "object") === "object" && depthIs(DEEPEST, value);
}

/** Returns whether a value is nested at most `most` deep. */
export function depthIs(most: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return most > 0 &&
    Object.values(value).every((item) => depthIs(most - 1, item));
}

function legacy(...harmless: unknown[]) {
  return z.unknown().refine(
    (value) =>
      value == null || harmless.includes(value) ||
      (Array.isArray(value) && value.length === 0),
    LEGACY,
  ).optional();
}
