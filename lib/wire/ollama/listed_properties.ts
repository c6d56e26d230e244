/**
 * Ollama's reading of a JSON schema: an object has no properties but the listed ones,
 * unless the schema says `additionalProperties`. JSON Schema itself would allow any.
 *
 * @module
 */

import { isObject } from "../fields.ts";
import { depthIs } from "../openai/tools/tool_fields.ts";

/** The most levels of a schema that is looked at; deeper ones are refused later. */
const MOST_LEVELS = 100;

/** Keywords whose values are schemas by name, to be used elsewhere. */
const DEFINITIONS = ["$defs", "definitions"];

/** Keywords whose values are schemas by name. */
const NAMED = [...DEFINITIONS, "properties", "patternProperties"];

/** Keywords whose values are schemas of other values, inside of the value. */
const INNER = ["items", "prefixItems", "additionalProperties"];

/** Keywords whose values are schemas of the same value. */
const SAME = ["allOf", "anyOf", "oneOf"];

/** Where a schema stands. */
interface Place {
  /** Whether no other schema has properties for the same value. */
  alone: boolean;
  /** Names of definitions that are used where others have properties, too. */
  shared: Set<string>;
}

/**
 * Returns a schema without further properties. Where several schemas list properties of
 * the same object, as in `allOf`, each of them stays open to those of the others.
 */
export function withListedProperties(schema: unknown): unknown {
  if (!depthIs(MOST_LEVELS, schema)) return schema;
  const place = { alone: true, shared: new Set<string>() };
  close(schema, place); // finds what is shared
  return close(schema, place);
}

function close(schema: unknown, place: Place): unknown {
  if (Array.isArray(schema)) return schema.map((item) => close(item, place));
  if (!isObject(schema)) return schema;
  const { shared } = place;
  const alone = place.alone && sourcesOf(schema) < 2;
  if (!alone && "$ref" in schema) shared.add(nameOf(String(schema.$ref)));
  const entries = Object.entries(schema).map(([key, value]) => {
    if (SAME.includes(key)) return [key, close(value, { alone, shared })];
    if (INNER.includes(key)) {
      return [key, close(value, { alone: true, shared })];
    }
    if (!NAMED.includes(key) || !isObject(value)) return [key, value];
    const named = Object.entries(value).map(([name, schema]) => {
      const isShared = DEFINITIONS.includes(key) && shared.has(name);
      return [name, close(schema, { alone: !isShared, shared })];
    });
    return [key, Object.fromEntries(named)];
  });
  const closed = Object.fromEntries(entries);
  return alone && "properties" in schema
    ? { additionalProperties: false, ...closed }
    : closed;
}

/** Counts what may list properties of the same object. */
function sourcesOf(schema: Record<string, unknown>): number {
  const { allOf } = schema;
  const others = ["properties", "$ref", "anyOf", "oneOf"];
  return others.filter((key) => key in schema).length +
    (Array.isArray(allOf) ? allOf.length : 0);
}

/** Returns the name of a definition. */
function nameOf(pointer: string): string {
  return pointer.slice(pointer.lastIndexOf("/") + 1);
}
