/**
 * What a grammar may be at most, before any of it is compiled: it is untrusted input,
 * and compilers call themselves for each level of it.
 *
 * @module
 */

import type { Grammar } from "./grammar.ts";

/** The most characters of a grammar, as JSON or as it is. */
const MOST_CHARACTERS = { json_schema: 128 * 1024, lark: 64 * 1024 };
const MOST_REGEX_CHARACTERS = 4096;

/** The most arrays and objects inside one another, and the most open brackets. */
const DEEPEST = 64;

/** The most values of a schema. */
const MOST_VALUES = 20_000;

/** The most that a bound of a length or a number of items may be. */
const MOST_COUNTED = 10_000;

/** Keywords whose numbers are counts, each of which takes work. */
const COUNTS = [
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
];

/** Attributes of Lark rules that take no token back, or that would be ignored. */
const BARRED = /[[,]\s*(max_tokens|stop|temperature)\s*=/;

/** Why a grammar is refused: what is required, and what came instead. */
export interface Refusal {
  must: string;
  received: string;
  /** Where in a schema, as a JSON pointer such as `"#/properties/name"`. */
  at?: string;
}

/** Returns why a grammar is refused without compiling it, if it is. */
export function findExcess(grammar: Grammar): Refusal | undefined {
  switch (grammar.type) {
    case "json_object":
      return undefined;
    case "json_schema":
      return schemaExcess(grammar.schema);
    case "choice":
      return textExcess(
        grammar.choices.join(" | "),
        MOST_CHARACTERS.lark,
      );
    case "regex":
      return textExcess(grammar.regex, MOST_REGEX_CHARACTERS) ??
        depthExcess(grammar.regex);
    case "lark":
      return textExcess(grammar.grammar, MOST_CHARACTERS.lark) ??
        depthExcess(grammar.grammar) ?? barredExcess(grammar.grammar);
  }
}

/** Finds the first place of a keyword in a schema, as a JSON pointer to its schema. */
export function findKeyword(schema: unknown, keyword: string) {
  for (const { value, at } of places(schema)) {
    if (isObject(value) && Object.hasOwn(value, keyword)) return at();
  }
  return undefined;
}

function schemaExcess(schema: unknown): Refusal | undefined {
  let count = 0;
  for (const { value, at, depth } of places(schema)) {
    if (++count > MOST_VALUES) {
      const must = `must have at most ${MOST_VALUES} values`;
      return { must, received: "more" };
    }
    if (depth > DEEPEST) {
      const must = `must be at most ${DEEPEST} levels deep`;
      return { must, received: "more" };
    }
    for (const keyword of isObject(value) ? COUNTS : []) {
      const count = (value as Record<string, unknown>)[keyword];
      if (typeof count !== "number" || count <= MOST_COUNTED) continue;
      return {
        must: `must have a ${keyword} of at most ${MOST_COUNTED}`,
        received: String(count),
        at: at(),
      };
    }
  }
  return textExcess(JSON.stringify(schema), MOST_CHARACTERS.json_schema);
}

function textExcess(text: string, most: number): Refusal | undefined {
  if (text.length <= most) return undefined;
  const must = `must have at most ${most} characters`;
  return { must, received: String(text.length) };
}

function depthExcess(text: string): Refusal | undefined {
  let depth = 0;
  for (const char of text) {
    if ("([{".includes(char)) depth++;
    if (")]}".includes(char)) depth = Math.max(0, depth - 1);
    if (depth <= DEEPEST) continue;
    const must = `must have at most ${DEEPEST} brackets open at once`;
    return { must, received: "more" };
  }
  return undefined;
}

function barredExcess(text: string): Refusal | undefined {
  const [, attribute] = BARRED.exec(text) ?? [];
  if (attribute === undefined) return undefined;
  const must = "must have no rule with max_tokens, stop or temperature";
  return { must, received: attribute };
}

/** A value inside a JSON value. */
interface Place {
  value: unknown;
  depth: number;
  /** Returns the JSON pointer to it. */
  at: () => string;
}

/**
 * Lists all values of a JSON value, without calling itself, the outermost first. The
 * caller may stop in the middle of a large object, the rest of which takes no time.
 */
function* places(whole: unknown): Generator<Place, void> {
  const open: Place[] = [{ value: whole, depth: 0, at: () => "#" }];
  yield open[0];
  for (const { value, depth, at } of open) {
    if (typeof value !== "object" || value === null) continue;
    for (const key in value) {
      const place = {
        value: (value as Record<string, unknown>)[key],
        depth: depth + 1,
        at: () => `${at()}/${escaped(key)}`,
      };
      yield place;
      open.push(place);
    }
  }
}

/** Returns a key as a JSON pointer has it. */
function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
