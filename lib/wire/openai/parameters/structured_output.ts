/**
 * What an answer must look like: OpenAI's `response_format`, and vLLM's
 * `structured_outputs`.
 *
 * @module
 */

import { z } from "zod";
import type { GenerationRequest } from "../../../engine/generation.ts";
import type { Grammar } from "../../../grammar/grammar.ts";
import { badRequest } from "../../bad_request.ts";
import { flag } from "../../fields.ts";

const FORMATS = 'must be "text", "json_object" or "json_schema"';
const SCHEMA = "must be a JSON schema";
const CHOICES = "must be 1 to 1000 strings that are not empty";

/** A JSON schema, whose keywords are checked later. */
export const jsonSchema = z.custom<unknown>(
  (value) =>
    typeof value === "boolean" ||
    typeof value === "object" && value !== null && !Array.isArray(value),
  SCHEMA,
).meta({ type: ["object", "boolean"] });

/** The shape of `response_format`. */
export const responseFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      name: z.string("must be a string").nullish(),
      strict: flag(),
      schema: jsonSchema.nullish(),
    }, "must be an object with a name and a schema"),
  }),
], {
  error: ({ code, input }) =>
    code === "invalid_union" && typeof input === "object" && input !== null
      ? FORMATS
      : "must be an object with a type",
}).nullish();

/** The shape of `structured_outputs`. */
export const structuredOutputs = z.object({
  json: jsonSchema.or(z.string(SCHEMA)).nullish(),
  json_object: flag(),
  choice: z.array(z.string(CHOICES).min(1, CHOICES), CHOICES)
    .min(1, CHOICES).max(1000, CHOICES).nullish(),
  regex: z.string("must be a regular expression").nullish(),
  grammar: z.string("must be a grammar in Lark").nullish(),
}, "must be an object").nullish();

/** The fields of a request that say what its answer must look like. */
export interface StructuredOutputBody {
  response_format?: z.infer<typeof responseFormat>;
  structured_outputs?: z.infer<typeof structuredOutputs>;
}

/**
 * Reads what an answer must look like.
 *
 * @throws {ApiError} 400 if the request says it twice.
 */
export function toGrammar(
  body: StructuredOutputBody,
): Pick<GenerationRequest, "grammar" | "grammarParam"> {
  const format = formatGrammar(body.response_format);
  const [output, another] = outputGrammars(body.structured_outputs);
  const twice = another ?? (format && output);
  if (twice) {
    throw badRequest(twice.grammarParam, {
      must: "must be the only one that says what the answer looks like",
      received: "another, too",
    });
  }
  return format ?? output ?? {};
}

/** A grammar, and the parameter that it comes from. */
interface Found {
  grammar: Grammar;
  grammarParam: string;
}

function formatGrammar(
  format: StructuredOutputBody["response_format"],
): Found | undefined {
  switch (format?.type) {
    case "json_object":
      return {
        grammar: { type: "json_object" },
        grammarParam: "response_format",
      };
    case "json_schema": {
      const grammarParam = "response_format.json_schema.schema";
      const { schema } = format.json_schema;
      const grammar: Grammar = schema == null
        ? { type: "json_object" }
        : { type: "json_schema", schema };
      return { grammar, grammarParam };
    }
    default:
      return undefined;
  }
}

function outputGrammars(
  outputs: StructuredOutputBody["structured_outputs"],
): Found[] {
  const { json, json_object, choice, regex, grammar } = outputs ?? {};
  const found: [string, Grammar | false | null | undefined][] = [
    ["json", json != null && { type: "json_schema", schema: toSchema(json) }],
    ["json_object", json_object && { type: "json_object" }],
    ["choice", choice && { type: "choice", choices: choice }],
    ["regex", regex != null && { type: "regex", regex }],
    ["grammar", grammar != null && { type: "lark", grammar }],
  ];
  return found.flatMap(([name, grammar]) =>
    grammar ? [{ grammar, grammarParam: `structured_outputs.${name}` }] : []
  );
}

/** Reads a schema that may be JSON in a string, as vLLM has it. */
function toSchema(json: unknown): unknown {
  if (typeof json !== "string") return json;
  try {
    return jsonSchema.parse(JSON.parse(json));
  } catch {
    throw badRequest("structured_outputs.json", {
      must: SCHEMA,
      received: json,
    });
  }
}
