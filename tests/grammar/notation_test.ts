import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { toSource, withKnownFormats } from "../../lib/grammar/notation.ts";
import { LLGUIDANCE, TOKENIZER } from "./_toy.ts";

/** Returns whether a text is JSON of a schema. */
function accepts(schema: unknown, text: string): boolean {
  const { notation, data } = toSource({ type: "json_schema", schema });
  using matcher = LLGUIDANCE.compile(notation, data);
  const tokens = [...TOKENIZER.encode(JSON.stringify(text))];
  return matcher.valid(tokens) === tokens.length;
}

Deno.test("toSource() writes URIs as a pattern", () => {
  const schema = { type: "string", format: "uri" };
  for (
    const uri of [
      ...["https://example.com", "http://a.b:8080/c/d.html?e=f&g=%20#h"],
      ...["mailto:ann@example.com", "urn:isbn:0451450523"],
    ]
  ) {
    assert(accepts(schema, uri), uri);
    assert(URL.canParse(uri));
  }
  for (const text of ["", "example.com", "http://a b", "http://a:b", "a:%2"]) {
    assert(!accepts(schema, text), text);
  }
});

Deno.test("toSource() knows formats by the pattern beside them, as zod writes them", () => {
  const cases: [z.ZodType, good: string, bad: string][] = [
    [z.e164(), "+4930123456", "030 123456"],
    [z.cuid(), "cjld2cjxh0000qzrmn831i7rn", "cj"],
    [z.cuid2(), "tz4a98xxat96iws9zmbrgj3a", "T-"],
    [z.ulid(), "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ"],
    [z.nanoid(), "V1StGXR8_Z5jdHi6B-myT", "V1"],
    [z.base64(), "aGk=", "aGk"],
    [z.base64url(), "aGk", "a+k"],
    [z.cidrv4(), "10.0.0.0/8", "10.0.0.0"],
    [z.mac(), "00:1A:2B:3C:4D:5E", "00:1A"],
    [z.hash("sha256"), "0".repeat(64), "0"],
    [z.string().lowercase(), "ab", "Ab"],
    [z.string().startsWith("a").endsWith("b"), "acb", "ac"],
    [z.stringFormat("colour", /^#[0-9a-f]{6}$/), "#00ff00", "green"],
  ];
  for (const [type, good, bad] of cases) {
    const schema = z.toJSONSchema(type);
    assert(type.safeParse(good).success && accepts(schema, good), good);
    assert(!type.safeParse(bad).success && !accepts(schema, bad), bad);
  }
});

Deno.test("toSource() knows formats whose pattern can't be read, as zod writes them", () => {
  const cases: [z.ZodType, good: string, bad: string][] = [
    [z.iso.duration(), "P1DT12H", "1 day"],
    [z.hostname(), "a-1.example.com", "-a.example.com"],
  ];
  for (const [type, good, bad] of cases) {
    const schema = z.toJSONSchema(type);
    assert(type.safeParse(good).success && accepts(schema, good), good);
    assert(!type.safeParse(bad).success && !accepts(schema, bad), bad);
  }
  const email = { type: "string", format: "email", pattern: "^(?!root@)" };
  assertThrows(() => accepts(email, "ann@example.com"));
  const dates = { type: "string", format: "date", pattern: "^2" };
  assert(accepts(dates, "2026-11-30") && !accepts(dates, "1999-11-30"));
});

Deno.test("toSource() holds a text to its pattern and to a format of its own", () => {
  const schema = { type: "string", format: "uri", pattern: "^https:" };
  assert(accepts(schema, "https://a"));
  assert(!accepts(schema, "http://a"));
  assert(!accepts(schema, "https:// a"));
});

Deno.test("withKnownFormats() leaves values and other formats", () => {
  const schema = {
    properties: {
      format: { type: "string", format: "date", pattern: "^2" },
      pattern: { type: "string", format: "colour" },
    },
    enum: [{ format: "uri" }],
  };
  assertEquals(withKnownFormats(schema), schema);
});
