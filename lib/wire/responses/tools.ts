/**
 * The tools of a request. Only functions can be called here. Tools that OpenAI runs
 * itself are left out: an answer need not use them.
 *
 * @module
 */

import { z } from "zod";
import { isObject } from "../fields.ts";
import { functionFields, uniqueNames } from "../openai/tools/tool_fields.ts";

/** As many as OpenAI takes. */
const MOST_TOOLS = 128;

const TOOLS = `must be an array of at most ${MOST_TOOLS} tools`;
const TOOL = "must be an object with a type and a name";
const TYPE = "must be the type of a tool";

const tool = z.preprocess(
  (value) => isOther(value) ? null : value,
  z.object({
    type: z.literal("function", TYPE),
    ...functionFields,
  }, TOOL).nullable(),
);

/** A function, as requests and responses have it. */
export type FunctionTool = NonNullable<z.infer<typeof tool>>;

/** Reads the functions among the tools. */
export const responseTools = z.array(tool, TOOLS).max(MOST_TOOLS, TOOLS)
  .superRefine(uniqueNames((tool) => tool?.name, ["name"]))
  .transform((tools) => tools.filter((tool) => tool !== null))
  .nullish();

function isOther(value: unknown): boolean {
  return isObject(value) && typeof value.type === "string" &&
    value.type !== "function";
}
