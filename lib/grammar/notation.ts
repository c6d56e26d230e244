/**
 * Grammars in llguidance's words. JSON is compact, without white space between its
 * tokens: nothing that a small model could repeat for ever.
 *
 * @module
 */

import type { Grammar } from "./grammar.ts";
import type { Notation } from "./llguidance.ts";

/** A grammar as llguidance reads it. */
export interface Source {
  notation: Notation;
  data: string;
}

/** How JSON is written: as `JSON.stringify()` writes it. */
const COMPACT = {
  item_separator: ",",
  key_separator: ":",
  whitespace_flexible: false,
};

/** Characters of a URI's path, and of what comes after it. */
const PATH = "([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const AFTER = "([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})";

/** Formats that llguidance knows. */
const KNOWN = new Set([
  "date-time",
  "date",
  "time",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uuid",
]);

/** Those that zod writes with patterns that llguidance can't read, which they imply. */
const IMPLIED = new Set(["duration", "hostname"]);

/** Formats that llguidance does not know, as patterns: most URIs, and nothing else. */
const PATTERNS = new Map([[
  "uri",
  [
    "^[A-Za-z][A-Za-z0-9+.-]*:(",
    `//[A-Za-z0-9._~-]+(:[0-9]{1,5})?(/${PATH}*)*`,
    `|/?${PATH}+(/${PATH}*)*`,
    `)(\\?${AFTER}*)?(#${AFTER}*)?$`,
  ].join(""),
]]);

/**
 * A regular expression with an assertion about what is around, or with a reference to a
 * group: llguidance has neither.
 */
const UNENFORCEABLE =
  /^(?:[^\\[(]|\\[^bBk1-9]|\[(?:\\.|[^\]\\])*\]|\((?!\?<?[=!]))*(?:\(\?<?[=!]|\\[bBk1-9])/s;

/** Keywords whose values are no schemas. */
const VALUES = new Set(["enum", "const", "default", "examples"]);

/** Returns a grammar as llguidance reads it. */
export function toSource(grammar: Grammar): Source {
  switch (grammar.type) {
    case "json_object":
      // A small model whose favourite white space is refused would end it at once.
      return json({ type: "object", minProperties: 1 });
    case "json_schema":
      return json(grammar.schema);
    case "choice":
      return {
        notation: "lark",
        data: `start: ${
          grammar.choices.map((text) => JSON.stringify(text)).join(" | ")
        }`,
      };
    case "regex":
      return { notation: "regex", data: grammar.regex };
    case "lark":
      return { notation: "lark", data: grammar.grammar };
  }
}

/**
 * Returns a schema whose JSON is compact, also where a Lark grammar embeds it as
 * `%json { … }`.
 */
export function compactSchema(schema: unknown): Record<string, unknown> {
  const rules = schema === true ? {} : schema === false ? { enum: [] } : schema;
  const known = withKnownFormats(rules) as Record<string, unknown>;
  return { ...known, "x-guidance": COMPACT };
}

/** Returns whether llguidance can hold texts to a regular expression. */
export function isEnforceable(pattern: string): boolean {
  return !UNENFORCEABLE.test(pattern);
}

/**
 * Replaces formats that llguidance does not know: by patterns of the same texts, or by
 * nothing where the schema has a pattern, as in what zod writes.
 */
export function withKnownFormats(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withKnownFormats);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(withKnownFormat({ ...schema })).map(([key, value]) => [
      key,
      VALUES.has(key) ? value : withKnownFormats(value),
    ]),
  );
}

function withKnownFormat(
  schema: Record<string, unknown>,
): Record<string, unknown> {
  const { format, ...rest } = schema;
  if (typeof format !== "string") return schema;
  if (KNOWN.has(format)) {
    const { pattern, ...others } = schema;
    const isImplied = IMPLIED.has(format) && typeof pattern === "string" &&
      !isEnforceable(pattern);
    return isImplied ? others : schema;
  }
  const pattern = PATTERNS.get(format);
  if (pattern === undefined) return hasPattern(rest) ? rest : schema;
  if (!("pattern" in rest)) return { ...rest, pattern };
  return { ...rest, allOf: [rest.allOf ?? [], { pattern }].flat() };
}

/** Returns whether each text of a schema must match a pattern. */
function hasPattern(schema: unknown): boolean {
  const { pattern, allOf } = Object(schema);
  return pattern !== undefined ||
    Array.isArray(allOf) && allOf.some(hasPattern);
}

function json(schema: unknown): Source {
  const data = JSON.stringify(compactSchema(schema));
  return { notation: "json_schema", data };
}
