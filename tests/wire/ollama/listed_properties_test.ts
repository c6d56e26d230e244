import { assertEquals } from "@std/assert";
import { z } from "zod";
import { toSource } from "../../../lib/grammar/notation.ts";
import { withListedProperties } from "../../../lib/wire/ollama/listed_properties.ts";
import { LLGUIDANCE, TOKENIZER } from "../../grammar/_toy.ts";

/** Returns whether a value is JSON of a schema, as Ollama reads it. */
function accepts(schema: unknown, value: unknown): boolean {
  const { notation, data } = toSource({
    type: "json_schema",
    schema: withListedProperties(schema),
  });
  using matcher = LLGUIDANCE.compile(notation, data);
  const tokens = [...TOKENIZER.encode(JSON.stringify(value))];
  return matcher.valid(tokens) === tokens.length;
}

/** An object with one property of a type. */
const having = (name: string, type: object = { type: "integer" }) => ({
  type: "object",
  properties: { [name]: type },
});

/** Schemas, what they accept, and what they don't. */
const CASES: Record<string, [schema: object, good: unknown, bad: unknown]> = {
  "at the top": [having("a"), { a: 1 }, { a: 1, b: 2 }],
  "in a property": [
    having("a", having("b")),
    { a: { b: 1 } },
    { a: { b: 1, c: 2 } },
  ],
  "in a list": [
    { type: "array", items: having("a") },
    [{ a: 1 }],
    [{ a: 1, b: 2 }],
  ],
  "in a choice": [
    { anyOf: [having("a"), having("b")] },
    { b: 1 },
    { b: 1, c: 2 },
  ],
  "in a definition": [
    { ...having("a", { $ref: "#/$defs/A" }), $defs: { A: having("b") } },
    { a: { b: 1 } },
    { a: { b: 1, c: 2 } },
  ],
  "in the only part": [
    { ...having("a", { allOf: [having("b")] }) },
    { a: { b: 1 } },
    { a: { b: 1, c: 2 } },
  ],
  "if a property has the name of a keyword": [
    having("properties", having("allOf")),
    { properties: { allOf: 1 } },
    { properties: { allOf: 1, b: 2 } },
  ],
};

for (const [where, [schema, good, bad]] of Object.entries(CASES)) {
  Deno.test(`withListedProperties() allows no others ${where}`, () => {
    assertEquals([accepts(schema, good), accepts(schema, bad)], [true, false]);
  });
}

Deno.test("withListedProperties() leaves what says what else there may be", () => {
  const open = { ...having("a"), additionalProperties: { type: "boolean" } };
  assertEquals(withListedProperties(open), open);
  const any = { type: "object", enum: [having("a")] };
  assertEquals(withListedProperties(any), any);
});

Deno.test("withListedProperties() keeps objects whose properties stand in several schemas", () => {
  const value = { a: 1, b: 2 };
  const parts = [having("a"), having("b")];
  const joined = z.toJSONSchema(
    z.intersection(
      z.looseObject({ a: z.int() }),
      z.looseObject({ b: z.int() }),
    ),
  );
  for (
    const schema of [
      { allOf: parts },
      { ...having("a"), anyOf: [having("b"), having("c")] },
      {
        allOf: [{ $ref: "#/$defs/A" }, { $ref: "#/$defs/B" }],
        $defs: { A: parts[0], B: parts[1] },
      },
      joined,
    ]
  ) {
    assertEquals(accepts(schema, value), true);
  }
});

Deno.test("withListedProperties() leaves a schema that is too deep to be served", () => {
  let deep: object = having("a");
  for (let level = 0; level < 10_000; level++) deep = { items: deep };
  assertEquals(withListedProperties(deep), deep);
});
