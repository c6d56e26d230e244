/**
 * Grammars that must be refused, and soon: too large, too deep, wrong, or more work
 * than any answer is worth.
 *
 * @module
 */

import type { Grammar } from "../../lib/grammar/grammar.ts";

/** Nests a value in itself. */
function nested(depth: number, wrap: (value: unknown) => unknown): unknown {
  let value: unknown = { type: "string" };
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

/** Schemas in which each definition uses the one before it several times. */
function laughs(levels: number, keyword: string): unknown {
  const definitions = Object.fromEntries(
    Array.from({ length: levels }, (_, level) => [
      `d${level}`,
      level === 0
        ? { type: "object", properties: { a: { type: "string" } } }
        : { [keyword]: new Array(10).fill({ $ref: `#/$defs/d${level - 1}` }) },
    ]),
  );
  return { $ref: `#/$defs/d${levels - 1}`, $defs: definitions };
}

const names = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`n${i}`, { type: "string" }]),
  );

const SCHEMAS: Record<string, unknown> = {
  "an unknown type": { type: "text" },
  "a type that is a number": { type: 7 },
  "not": { not: { type: "string" } },
  "if": { if: {}, then: {}, else: {} },
  "uniqueItems": { type: "array", uniqueItems: true },
  "contains": { type: "array", contains: { type: "string" } },
  "dependentRequired": { dependentRequired: { a: ["b"] } },
  "propertyNames": { type: "object", propertyNames: { maxLength: 2 } },
  "unevaluatedProperties": { unevaluatedProperties: false },
  "a wrong $ref": { $ref: "#/$defs/nowhere" },
  "a $ref to elsewhere": { $ref: "https://example.com/schema.json" },
  "a $ref to itself": { $ref: "#" },
  "two $refs in a circle": {
    $ref: "#/$defs/a",
    $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } },
  },
  "nothing": false,
  "an empty enum": { enum: [] },
  "no number": { type: "integer", minimum: 3, maximum: 2 },
  "no length": { type: "string", minLength: 3, maxLength: 2 },
  "an unknown format": { type: "string", format: "colour" },
  "a pattern that is none": { type: "string", pattern: "(" },
  "a pattern with a lookahead": { type: "string", pattern: "(?=a)a" },
  "a pattern with a reference": { type: "string", pattern: "(a)\\1" },
  "a huge maxLength": { type: "string", maxLength: 1e9 },
  "a huge minItems": { type: "array", minItems: 1e9 },
  "a depth of 5000": nested(5000, (items) => ({ type: "array", items })),
  "a depth of 100": nested(100, (a) => ({ properties: { a } })),
  "50,000 properties": { type: "object", properties: names(50_000) },
  "a long enum": { enum: Array.from({ length: 30_000 }, (_, i) => `e${i}`) },
  "a long description": { type: "string", description: "x".repeat(200_000) },
  "oneOf of oneOf": laughs(9, "oneOf"),
  "objects that overlap": {
    oneOf: [{ type: "object" }, { type: "object", properties: names(1) }],
  },
  "10,000 properties": { type: "object", properties: names(10_000) },
  "allOf of nothing": { allOf: [{ type: "string" }, { type: "number" }] },
  "a multiple of nothing": { type: "number", multipleOf: 0 },
  "no multiple": { type: "integer", multipleOf: 7, minimum: 1, maximum: 6 },
  "absurd bounds": { type: "number", minimum: 1e308, maximum: -1e308 },
  "an object without end": {
    type: "object",
    properties: { a: { $ref: "#" } },
    required: ["a"],
  },
  "an array without end": { type: "array", items: { $ref: "#" }, minItems: 1 },
  "a half character in a pattern": { type: "string", pattern: "\ud800" },
  "a keyword in fullwidth letters": { type: "\uff4e\uff55\uff4c\uff4c" },
  "repetitions of repetitions": {
    type: "string",
    pattern: "^((a{1,99}){1,99}){1,99}b{9999}(?!c)$",
  },
};

const REGEXES: Record<string, string> = {
  "an open group": "(a",
  "an unknown class": "\\p{Nothing}",
  "a lookbehind": "(?<=a)b",
  "a long regex": "a|".repeat(5000),
  "a deep regex": "(".repeat(500) + "a" + ")".repeat(500),
  "a huge repetition": "a{99999999999}",
  "a repetition that is none": "a{3,2}",
};

const LARKS: Record<string, string> = {
  "no grammar": "",
  "GBNF": 'root ::= "a"',
  "an unknown rule": "start: nowhere",
  "no start": 'begin: "a"',
  "an endless rule": "start: start",
  "a rule that takes nothing back": "start: a\na[max_tokens=3]: /a+/",
  "a token that is none": "start: <|nowhere|>",
  "a deep rule": `start: ${"(".repeat(300)}"a"${")".repeat(300)}`,
  "a long grammar": `start: ${'"a" '.repeat(20_000)}`,
  "a wrong schema": 'start: %json {"not": {}}',
  "a huge repetition in Lark": 'start: "a"{4294967297}',
  "3,000 rules in a chain": [
    "start: r0",
    ...Array.from({ length: 3000 }, (_, i) => `r${i}: r${i + 1}`),
    'r3000: "a"',
  ].join("\n"),
};

/** Hostile grammars, by what is wrong with them. */
export const HOSTILE: [title: string, Grammar][] = [
  ...Object.entries(SCHEMAS).map(([title, schema]): [string, Grammar] => [
    title,
    { type: "json_schema", schema },
  ]),
  ...Object.entries(REGEXES).map(([title, regex]): [string, Grammar] => [
    title,
    { type: "regex", regex },
  ]),
  ...Object.entries(LARKS).map(([title, grammar]): [string, Grammar] => [
    title,
    { type: "lark", grammar },
  ]),
];

/** Grammars that look like endless work and are none. */
export const LAZY: Grammar[] = [
  { type: "regex", regex: "((a{1000}){1000}){1000}" },
  { type: "lark", grammar: 'start: (("a"{1,9999}){1,9999}){1,9999}' },
  { type: "json_schema", schema: laughs(9, "allOf") },
  { type: "json_schema", schema: laughs(9, "anyOf") },
];
