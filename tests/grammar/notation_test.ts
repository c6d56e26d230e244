import { assert, assertEquals } from "@std/assert";
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

Deno.test("withKnownFormats() leaves values and other formats", () => {
  const schema = {
    properties: { format: { type: "string", format: "date" } },
    enum: [{ format: "uri" }],
  };
  assertEquals(withKnownFormats(schema), schema);
  const both = { format: "uri", pattern: "^https:" };
  assertEquals(withKnownFormats(both), both);
});
