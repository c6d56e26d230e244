/**
 * The fields of a chat request about tools, and what they ask of the engine.
 *
 * @module
 */

import { z } from "zod";
import type { Tool, ToolUse } from "../../../tools/tool.ts";
import { badRequest } from "../../bad_request.ts";
import { flag, isObject } from "../../fields.ts";
import { CHOICE_FORMS } from "./choice_forms.ts";

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
).meta({ type: "object" });

/** The shape of a function that may be called. */
export const functionFields = {
  name: toolName,
  description: z.string(DESCRIPTION).nullish(),
  parameters: toolParameters.nullish(),
  strict: flag(),
};

/** A function, once read. */
type FunctionBody = z.infer<z.ZodObject<typeof functionFields>>;

const tool = z.object({
  type: z.literal("function", TYPE),
  function: z.object(functionFields, FUNCTION),
}, TOOL);

/** Where a tool has its name. */
const PATH = ["function", "name"];

/** The shape of the fields. */
export const toolFields = {
  tools: z.array(tool, TOOLS).max(MOST_TOOLS, TOOLS)
    .superRefine(uniqueNames((tool) => tool.function.name, PATH)).nullish(),
  tool_choice: z.unknown().meta({ anyOf: CHOICE_FORMS }).optional(),
  parallel_tool_calls: flag(),
  functions: legacy(),
  function_call: legacy("none", "auto"),
};

/** The fields, once read. */
export type ToolBody = z.infer<z.ZodObject<typeof toolFields>>;

/** What a request says about calls. */
export interface CallRules {
  tool_choice?: unknown;
  parallel_tool_calls?: boolean | null | undefined;
  /** Whether a choice has its tools at its own level, rather than in objects. */
  flat?: boolean;
}

/**
 * Returns the tools of a chat and how the answer may use them, if it may.
 *
 * @throws {ApiError} 400 if `tool_choice` is wrong or names no tool.
 */
export function toToolUse(body: ToolBody): ToolUse | undefined {
  return useFunctions((body.tools ?? []).map((tool) => tool.function), body);
}

/**
 * Returns functions and how the answer may use them, if it may.
 *
 * @throws {ApiError} 400 if `tool_choice` is wrong or names no function.
 */
export function useFunctions(
  functions: readonly FunctionBody[],
  { tool_choice, parallel_tool_calls, flat = false }: CallRules,
): ToolUse | undefined {
  const tools = functions.map(toTool);
  const callable = tools.map(({ name }) => name);
  const { required, names, single } = readChoice(tool_choice, callable, flat);
  if (tools.length === 0 || names.length === 0) return undefined;
  const parallel = !single && (parallel_tool_calls ?? true);
  return { tools, callable: names, required, parallel };
}

function toTool(
  { name, description, parameters, strict }: FunctionBody,
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

function readChoice(value: unknown, names: string[], flat: boolean): Choice {
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
      const named = [nameOf(choice, names, { param: "tool_choice", flat })];
      return { required: true, names: named, single: true };
    }
    case "allowed_tools":
      return flat
        ? readAllowed(choice, names, { param: "tool_choice", flat })
        : readAllowed(choice.allowed_tools, names, {
          param: "tool_choice.allowed_tools",
          flat,
        });
  }
  throw badRequest("tool_choice", {
    must: 'must be "none", "auto", "required" or name a function',
    received: value,
  });
}

/** Where a name is looked for. */
interface Place {
  param: string;
  flat: boolean;
}

function readAllowed(
  value: unknown,
  names: string[],
  { param, flat }: Place,
): Choice {
  const { mode, tools } = isObject(value) ? value : {};
  if ((mode === "auto" || mode === "required") && Array.isArray(tools)) {
    const allowed = tools.map((tool, i) =>
      nameOf(tool, names, { param: `${param}.tools[${i}]`, flat })
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
function nameOf(
  value: unknown,
  names: string[],
  { param, flat }: Place,
): string {
  const named = flat || !isObject(value) ? value : value.function;
  const { name } = isObject(named) ? named : {};
  if (typeof name === "string" && names.includes(name)) return name;
  throw badRequest(`${param}${flat ? "" : ".function"}.name`, {
    must: "must be the name of one of the tools",
    received: name,
  });
}

/** Returns a check that each tool has a name of its own; `path` leads to it. */
export function uniqueNames<T>(
  nameOf: (tool: T) => string | undefined,
  path: string[],
): (tools: T[], context: z.RefinementCtx) => void {
  return function checkNames(tools, context) {
    const names = new Set<string>();
    for (const [i, tool] of tools.entries()) {
      const name = nameOf(tool);
      if (name === undefined) continue;
      if (names.has(name)) {
        const message = "must be the name of no other tool";
        const at = { path: [i, ...path], input: name };
        context.addIssue({ code: "custom", message, ...at });
      }
      names.add(name);
    }
  };
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
  ).meta({ enum: [null, ...harmless], deprecated: true }).optional();
}
