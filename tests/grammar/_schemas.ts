/**
 * More than 300 schemas: each kind of value, in each place where a schema may stand.
 * They use what OpenAI's strict mode allows, and some of what it does not.
 *
 * @module
 */

import { Ajv2020 } from "ajv/dist/2020.js";

/** A JSON schema. */
export type Schema = Record<string, unknown>;

/** An object with these properties, all of them required, and no other. */
const strict = (properties: Record<string, unknown>): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const SHORT = { type: "string", maxLength: 3 };

/** Kinds of values. */
const VALUES: Record<string, Schema> = {
  // Texts.
  "a short text": SHORT,
  "a text of 2 letters": { type: "string", minLength: 2, maxLength: 2 },
  "a text of 1 to 4": { type: "string", minLength: 1, maxLength: 4 },
  "an empty text": { type: "string", maxLength: 0 },
  "a pattern": { type: "string", pattern: "^[ab]{2,4}$" },
  "a pattern of choices": { type: "string", pattern: "^(abc|12)$" },
  "a pattern of digits": { type: "string", pattern: "^[0-9]{3}$" },
  "a pattern with é": { type: "string", pattern: "^é{1,2}$" },
  "a date": { type: "string", format: "date" },
  "a time": { type: "string", format: "time" },
  "an address": { type: "string", format: "ipv4" },
  "a UUID": { type: "string", format: "uuid" },
  "a URI": { type: "string", format: "uri", maxLength: 20 },
  // Numbers.
  "a digit": { type: "integer", minimum: 0, maximum: 9 },
  "a small integer": { type: "integer", minimum: -12, maximum: 120 },
  "an integer above": { type: "integer", exclusiveMinimum: 7, maximum: 11 },
  "an integer below": { type: "integer", minimum: 95, exclusiveMaximum: 100 },
  "a negative integer": { type: "integer", minimum: -5, maximum: -1 },
  "one integer": { type: "integer", minimum: 42, maximum: 42 },
  "an even integer": {
    type: "integer",
    multipleOf: 2,
    minimum: 0,
    maximum: 20,
  },
  "a number within": { type: "number", minimum: 0, maximum: 1 },
  "a large integer": { type: "integer", minimum: 1000, maximum: 1999 },
  // Choices.
  "a boolean": { type: "boolean" },
  "null": { type: "null" },
  "one text": { const: "only" },
  "one number": { const: 7 },
  "one boolean": { const: true },
  "one object": { const: { a: 1 } },
  "one of texts": { enum: ["a", "ab", "abc", "b"] },
  "one of texts, with a type": { type: "string", enum: ["left", "right"] },
  "one of numbers": { enum: [1, 12, 123] },
  "one of all kinds": { enum: ["1", 1, null, true, [1], { a: "b" }] },
  "texts with signs": { enum: ['"', "\\", "\n", "a/b", "é", "日本", "😀"] },
  "a text or null": { type: ["string", "null"], maxLength: 2 },
  "an integer or a boolean": { type: ["boolean", "null"] },
  "anyOf of kinds": { anyOf: [SHORT, { type: "boolean" }] },
  "anyOf of objects": {
    anyOf: [
      strict({ kind: { const: "dot" } }),
      strict({ kind: { const: "line" }, length: { enum: [1, 2] } }),
    ],
  },
  "oneOf of constants": { oneOf: [{ const: 1 }, { const: "one" }] },
  "allOf": { allOf: [{ type: "integer", minimum: 3 }, { maximum: 5 }] },
  // Arrays.
  "an empty array": { type: "array", items: SHORT, maxItems: 0 },
  "a few booleans": {
    type: "array",
    items: { type: "boolean" },
    minItems: 1,
    maxItems: 3,
  },
  "two choices": {
    type: "array",
    items: { enum: ["x", "y"] },
    minItems: 2,
    maxItems: 2,
  },
  "a pair": {
    type: "array",
    prefixItems: [{ type: "boolean" }, { enum: [1, 2] }],
    items: false,
    minItems: 2,
  },
  "arrays of arrays": {
    type: "array",
    maxItems: 2,
    items: { type: "array", items: { const: 0 }, maxItems: 2 },
  },
  // Objects.
  "an empty object": strict({}),
  "an object": strict({ a: SHORT, b: { type: "boolean" } }),
  "an object in an object": strict({ outer: strict({ inner: SHORT }) }),
  "long names": strict({
    "the first name": { enum: [0, 1] },
    "the second name, longer": { type: "null" },
  }),
  "odd names": strict({ 'a"b': SHORT, "c\\d": { const: 1 }, "é ü": SHORT }),
  "optional properties": {
    type: "object",
    properties: { a: { type: "boolean" }, b: { type: "null" } },
    additionalProperties: false,
  },
  "a required and an optional property": {
    type: "object",
    properties: { a: { type: "boolean" }, b: { enum: ["x"] } },
    required: ["b"],
    additionalProperties: false,
  },
  "a map of choices": {
    type: "object",
    additionalProperties: { enum: ["y", "n"] },
    maxProperties: 2,
  },
};

/** Places of a value; `$defs` stay at the root. */
const PLACES: Record<string, (value: Schema) => Schema> = {
  "": (value) => value,
  " as a property": (value) => strict({ value }),
  " beside others": (value) =>
    strict({ before: { type: "boolean" }, value, after: { const: "end" } }),
  " as an item": (value) => ({
    type: "array",
    items: value,
    minItems: 1,
    maxItems: 2,
  }),
  " or null": (value) => ({ anyOf: [value, { type: "null" }] }),
  " by reference": (value) => ({
    ...strict({ value: { $ref: "#/$defs/value" } }),
    $defs: { value },
  }),
};

/** Schemas that refer to themselves. */
const RECURSIVE: Record<string, Schema> = {
  "a list that refers to itself": {
    ...strict({ head: { $ref: "#/$defs/node" } }),
    $defs: {
      node: strict({
        value: { enum: [1, 2] },
        next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] },
      }),
    },
  },
  "a tree": {
    $ref: "#/$defs/tree",
    $defs: {
      tree: strict({
        leaf: { type: "boolean" },
        branches: {
          type: "array",
          items: { $ref: "#/$defs/tree" },
          maxItems: 1,
        },
      }),
    },
  },
};

/** All schemas by what they describe. */
export const SCHEMAS: readonly (readonly [name: string, schema: Schema])[] = [
  ...Object.entries(VALUES).flatMap(([name, value]) =>
    Object.entries(PLACES).map(([place, put]) =>
      [name + place, put(value)] as const
    )
  ),
  ...Object.entries(RECURSIVE),
];

/** Checks values by schemas, with the formats that are supported. */
export const AJV = new Ajv2020({
  strict: false,
  formats: {
    date: /^\d{4}-\d{2}-\d{2}$/,
    time: /^\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i,
    ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
    uri: (text: string) => URL.canParse(text),
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  },
});
