/**
 * The schema that a tool's arguments are constrained by: an object on one line, without
 * fields that the tool does not name, which a small model would invent.
 *
 * @module
 */

import { isEnforceable, withKnownFormats } from "../../grammar/notation.ts";
import type { Tool } from "../tool.ts";

/** JSON as Python writes it, as models have seen it. */
const LINE = {
  whitespace_flexible: false,
  item_separator: ", ",
  key_separator: ": ",
};

/** Keywords that constrain nothing. */
const NOTES = new Set([
  "title",
  "description",
  "default",
  "examples",
  "$comment",
  "$schema",
  "deprecated",
  "readOnly",
  "writeOnly",
]);

/** Keywords whose fields have names of the tool's own. */
const NAMED = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
]);

/** Keywords whose values are no schemas. */
const VALUES = new Set(["enum", "const", "required", "dependentRequired"]);

/**
 * Returns the schema of all arguments. Unknown keywords, and patterns that can't be
 * enforced, are errors only if the tool is strict.
 */
export function argumentSchema(
  { parameters = { properties: {} }, strict = false }: Tool,
): Record<string, unknown> {
  const schema = withKnownFormats(enforceable(parameters, strict));
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
  const { $defs, definitions } = parameters;
  const whole = withKnownFormats(enforceable({
    ...$defs ? { $defs } : {},
    ...definitions ? { definitions } : {},
    ...schema === false ? { enum: [] } : schema as object,
  }, strict));
  return {
    ...whole as Record<string, unknown>,
    "x-guidance": { ...LINE, lenient: !strict },
  };
}

/** Drops the notes of a schema and of the schemas in it. */
export function withoutNotes(schema: unknown): unknown {
  return without(schema, (key) => NOTES.has(key));
}

/** Drops the notes, too, and unless it is strict the patterns that can't be enforced. */
function enforceable(schema: unknown, strict: boolean): unknown {
  return without(schema, (key, value) =>
    NOTES.has(key) ||
    !strict && key === "pattern" && !isEnforceable(String(value)));
}

/** Drops keywords of a schema and of the schemas in it. */
function without(
  schema: unknown,
  isDropped: (key: string, value: unknown) => boolean,
): unknown {
  const inner = (schema: unknown) => without(schema, isDropped);
  if (Array.isArray(schema)) return schema.map(inner);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema)
    .filter(([key, value]) => !isDropped(key, value));
  return Object.fromEntries(kept.map(([key, value]) => {
    if (VALUES.has(key)) return [key, value];
    if (!NAMED.has(key)) return [key, inner(value)];
    const named = Object.entries(value ?? {});
    return [
      key,
      Object.fromEntries(named.map(([name, of]) => [name, inner(of)])),
    ];
  }));
}
