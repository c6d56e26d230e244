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
  return { ...rules as Record<string, unknown>, "x-guidance": COMPACT };
}

function json(schema: unknown): Source {
  const data = JSON.stringify(compactSchema(schema));
  return { notation: "json_schema", data };
}
