/**
 * The schema that a tool's arguments are constrained by: an object on one line, without
 * fields that the tool does not name, which a small model would invent.
 *
 * @module
 */

import { withKnownFormats } from "../../grammar/notation.ts";
import type { Tool } from "../tool.ts";

/** JSON as Python writes it, as models have seen it. */
const LINE = {
  whitespace_flexible: false,
  item_separator: ", ",
  key_separator: ": ",
};

/** Keywords that constrain nothing. */
const NOTES = new Set([
  ...["title", "description", "default", "examples", "$comment", "$schema"],
  ...["deprecated", "readOnly", "writeOnly"],
]);

/** Keywords whose fields have names of the tool's own. */
const NAMED = new Set([
  ...["properties", "patternProperties", "$defs", "definitions"],
  "dependentSchemas",
]);

/** Keywords whose values are no schemas. */
const VALUES = new Set(["enum", "const", "required", "dependentRequired"]);

/**
 * Returns the schema of all arguments. Unknown keywords are errors only if the tool is
 * strict.
 */
export function argumentSchema(
  { parameters = { properties: {} }, strict = false }: Tool,
): Record<string, unknown> {
  const schema = withKnownFormats(withoutNotes(parameters));
  return {
    additionalProperties: parameters.properties === undefined,
    ...schema as Record<string, unknown>,
    type: "object",
    "x-guidance": { ...LINE, lenient: !strict },
  };
}

/** Returns the schema of one argument, written as JSON. */
export function valueSchema(
  schema: unknown,
  { parameters = {}, strict = false }: Tool,
): Record<string, unknown> {
  const { $defs, definitions } = withoutNotes(parameters) as typeof parameters;
  const whole = withKnownFormats({
    ...$defs ? { $defs } : {},
    ...definitions ? { definitions } : {},
    ...schema === false ? { enum: [] } : schema as object,
  });
  return {
    ...whole as Record<string, unknown>,
    "x-guidance": { ...LINE, lenient: !strict },
  };
}

/** Drops the notes of a schema and of the schemas in it. */
export function withoutNotes(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutNotes);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => !NOTES.has(key));
  return Object.fromEntries(kept.map(([key, value]) => {
    if (VALUES.has(key)) return [key, value];
    if (!NAMED.has(key)) return [key, withoutNotes(value)];
    const named = Object.entries(value ?? {});
    return [
      key,
      Object.fromEntries(named.map(([name, of]) => [name, withoutNotes(of)])),
    ];
  }));
}
