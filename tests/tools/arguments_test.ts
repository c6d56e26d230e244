import { assertEquals } from "@std/assert";
import {
  argumentSchema,
  valueSchema,
} from "../../lib/tools/arguments/argument_schema.ts";
import { CallReader } from "../../lib/tools/call_reader.ts";
import type { Tool, ToolPart } from "../../lib/tools/tool.ts";
import {
  GEMMA,
  QWEN_CODER,
  type ToolFormat,
} from "../../lib/tools/tool_format.ts";
import { write } from "./_write.ts";

const TOOL: Tool = {
  name: "add",
  parameters: {
    properties: {
      city: { type: "string", description: "Where." },
      days: { type: "integer" },
      place: { type: "object" },
      unit: { enum: ["celsius"] },
      maybe: { type: ["string", "null"] },
      empty: { type: "string" },
    },
  },
};

const VALUES = {
  city: 'a <b> {c}, "é"\n:\\ </param 😀',
  days: -2,
  place: { a: ["x", { b: null, c: true }, []], d: "</parameter>\n<" },
  unit: "celsius",
  maybe: null,
  empty: "",
};

/** Reads pieces of an answer; returns its text, and the calls with their arguments. */
function read(format: ToolFormat, pieces: string[], tool = TOOL) {
  const reader = new CallReader(format, [tool]);
  const parts: ToolPart[] = [
    ...pieces.flatMap((piece) => reader.push(piece)),
    ...reader.flush(),
  ];
  const calls: string[] = [];
  let text = "";
  for (const part of parts) {
    if (part.type === "call") calls.push("");
    else if (part.type === "text") text += part.text;
    else calls.push(calls.pop() + part.text);
  }
  return { text, calls };
}

for (const format of [QWEN_CODER, GEMMA]) {
  const calls = [VALUES, {}].map((values): [string, string] => [
    TOOL.name,
    JSON.stringify(values),
  ]);
  const answer = `So:\n${write(format, calls)}`;
  const whole = read(format, [answer]);

  Deno.test(`${format.name}: arguments are read as JSON`, () => {
    assertEquals(whole.text, "So:");
    assertEquals(whole.calls.map((json) => JSON.parse(json)), [VALUES, {}]);
  });

  Deno.test(`${format.name}: arguments are the same wherever they are cut`, () => {
    for (let first = 0; first < answer.length; first++) {
      for (const second of [first + 1, first + 7, answer.length]) {
        const { text, calls } = read(format, [
          answer.slice(0, first),
          answer.slice(first, second),
          answer.slice(second),
        ]);
        assertEquals(text, whole.text);
        const values = calls.map((json) => JSON.parse(json));
        assertEquals(values, [VALUES, {}], `${first}, ${second}`);
      }
    }
  });

  Deno.test(`${format.name}: arguments stream before they end`, () => {
    const reader = new CallReader(format, [TOOL]);
    const start = answer.slice(0, answer.indexOf("{c}"));
    const parts = reader.push(start);
    assertEquals(parts.at(-1), {
      ...{ type: "arguments", text: '{"city": "a <b> ' },
    });
  });
}

Deno.test("values of other types are the texts that they are", () => {
  const call = (value: string) =>
    `<tool_call>\n<function=add>\n<parameter=other>${value}</parameter>\n</function>\n</tool_call>`;
  for (const [value, text] of [["\n1\n", "1"], ["x y", "x y"], ["\n", ""]]) {
    const { calls } = read(QWEN_CODER, [call(value)]);
    assertEquals(JSON.parse(calls[0]), { other: text });
  }
});

Deno.test("names of arguments may contain what ends a name", () => {
  const values = {
    "a": 1,
    "a:b": "x:y",
    "a>b": "x>y",
    "a:1": { "c:d": { "e>f": null } },
    "a>": "z",
  };
  const properties = {
    ...Object.fromEntries(
      ["a:b", "a>b", "a>"].map((name) => [name, { type: "string" }]),
    ),
    "a": { type: "integer" },
    "a:1": { properties: { "c:d": { properties: { "e>f": {} } } } },
  };
  const tool = { name: "add", parameters: { properties } };
  for (const format of [QWEN_CODER, GEMMA]) {
    const answer = write(format, [[tool.name, JSON.stringify(values)]]);
    for (const pieces of [[answer], [...answer]]) {
      const { calls } = read(format, pieces, tool);
      assertEquals(calls.map((json) => JSON.parse(json)), [values]);
    }
  }
});

Deno.test("what follows arguments that break off is text", () => {
  const answer = "<tool_call>\n<function=add>\n<parameter=days>\n2\n" +
    "</parameter>\nno more";
  assertEquals(read(QWEN_CODER, [...answer]), {
    text: "no more",
    calls: ['{"days": 2}'],
  });
});

Deno.test("valueSchema() knows the formats of the schemas that a value refers to", () => {
  const $defs = { page: { type: "string", format: "uri" } };
  const parameters = { $defs, properties: { page: { $ref: "#/$defs/page" } } };
  const schema = valueSchema(parameters.properties.page, {
    name: "open",
    parameters,
  });
  assertEquals(schema.$ref, "#/$defs/page");
  const { page } = schema.$defs as typeof $defs;
  assertEquals(Object.keys(page), ["type", "pattern"]);
});

Deno.test("patterns that can't be enforced are ignored, unless the tool is strict", () => {
  const patterns = {
    duration: "^P(?!.*W)(\\d+D)?$",
    again: "(a)\\1",
    word: "\\bx",
    plain: "^\\(?=[(?!]{2}\\\\[\\]\\b]$",
    group: "^(?:a|(?<n>b))$",
  };
  const properties = Object.fromEntries(
    Object.entries(patterns)
      .map(([name, pattern]) => [name, { type: "string", pattern }]),
  );
  const enforced = (strict: boolean) => {
    const tool = { name: "add", strict, parameters: { properties } };
    const whole = argumentSchema(tool).properties as Record<string, object>;
    const names = Object.keys(properties);
    const one = (name: string) => valueSchema(properties[name], tool);
    return [whole, Object.fromEntries(names.map((name) => [name, one(name)]))]
      .map((schemas) => names.filter((name) => "pattern" in schemas[name]));
  };
  assertEquals(enforced(true), [Object.keys(patterns), Object.keys(patterns)]);
  assertEquals(enforced(false), [["plain", "group"], ["plain", "group"]]);
});
