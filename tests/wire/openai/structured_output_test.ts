import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ApiError } from "../../../lib/engine/errors.ts";
import { parseChatRequest } from "../../../lib/wire/openai/chat_request.ts";
import { parseCompletionRequest } from "../../../lib/wire/openai/completion_request.ts";

const CHAT = { model: "m", messages: [{ role: "user", content: "Hi" }] };
const options = { randomSeed: () => 7 };

function parse(fields: Record<string, unknown>) {
  return parseChatRequest(JSON.stringify({ ...CHAT, ...fields }), options)
    .generation;
}

const SCHEMA = { type: "object", properties: { a: { type: "string" } } };

/** Fields, and the grammar and the parameter that they ask for. */
const ACCEPTED: [Record<string, unknown>, unknown, string | undefined][] = [
  [{ response_format: { type: "text" } }, undefined, undefined],
  [{ response_format: null, structured_outputs: null }, undefined, undefined],
  [{ structured_outputs: {} }, undefined, undefined],
  [
    { response_format: { type: "json_object" } },
    { type: "json_object" },
    "response_format",
  ],
  [
    {
      response_format: {
        type: "json_schema",
        json_schema: { name: "a", strict: true, schema: SCHEMA },
      },
    },
    { type: "json_schema", schema: SCHEMA },
    "response_format.json_schema.schema",
  ],
  [
    { response_format: { type: "json_schema", json_schema: { name: "a" } } },
    { type: "json_object" },
    "response_format.json_schema.schema",
  ],
  [
    { structured_outputs: { json: JSON.stringify(SCHEMA) } },
    { type: "json_schema", schema: SCHEMA },
    "structured_outputs.json",
  ],
  [
    { structured_outputs: { json_object: true, regex: null } },
    { type: "json_object" },
    "structured_outputs.json_object",
  ],
  [
    { structured_outputs: { choice: ["a", "b"] } },
    { type: "choice", choices: ["a", "b"] },
    "structured_outputs.choice",
  ],
  [
    { structured_outputs: { regex: "a+" } },
    { type: "regex", regex: "a+" },
    "structured_outputs.regex",
  ],
  [
    {
      response_format: { type: "text" },
      structured_outputs: { grammar: 'start: "a"' },
    },
    { type: "lark", grammar: 'start: "a"' },
    "structured_outputs.grammar",
  ],
];

Deno.test("parseChatRequest() reads what the answer must look like", () => {
  for (const [fields, grammar, param] of ACCEPTED) {
    const generation = parse(fields);
    assertEquals(generation.grammar, grammar as typeof generation.grammar);
    assertEquals(generation.grammarParam, param);
  }
});

Deno.test("parseCompletionRequest() reads what the answer must look like", () => {
  for (const [fields, grammar] of ACCEPTED) {
    const body = JSON.stringify({ model: "m", prompt: "Hi", ...fields });
    const { generation } = parseCompletionRequest(body, options);
    assertEquals(generation.grammar, grammar as typeof generation.grammar);
  }
});

/** Fields, and the parameter and a part of the message that refuse them. */
const REFUSED: [Record<string, unknown>, string, string][] = [
  [
    { response_format: { type: "xml" } },
    "response_format.type",
    'must be "text", "json_object" or "json_schema": received "xml"',
  ],
  [
    { response_format: {} },
    "response_format.type",
    'must be "text", "json_object" or "json_schema": received nothing',
  ],
  [{ response_format: "text" }, "response_format", "an object with a type"],
  [
    { response_format: { type: "json_schema" } },
    "response_format.json_schema",
    "an object with a name and a schema",
  ],
  [
    { response_format: { type: "json_schema", json_schema: { schema: [] } } },
    "response_format.json_schema.schema",
    "must be a JSON schema: received an array of 0",
  ],
  [{ structured_outputs: 1 }, "structured_outputs", "must be an object"],
  [
    { structured_outputs: { choice: [] } },
    "structured_outputs.choice",
    "1 to 1000 strings",
  ],
  [
    { structured_outputs: { choice: ["a", ""] } },
    "structured_outputs.choice[1]",
    "1 to 1000 strings",
  ],
  [
    { structured_outputs: { regex: 1 } },
    "structured_outputs.regex",
    "must be a regular expression",
  ],
  [
    { structured_outputs: { json: "{" } },
    "structured_outputs.json",
    "must be a JSON schema",
  ],
  [
    { structured_outputs: { json: "[]" } },
    "structured_outputs.json",
    "must be a JSON schema",
  ],
  [
    { structured_outputs: { regex: "a", choice: ["a"] } },
    "structured_outputs.regex",
    "the only one",
  ],
  [
    {
      response_format: { type: "json_object" },
      structured_outputs: { regex: "a" },
    },
    "structured_outputs.regex",
    "the only one",
  ],
];

Deno.test("parseChatRequest() names what contradicts itself or is no format", () => {
  for (const [fields, param, part] of REFUSED) {
    const error = assertThrows(() => parse(fields), ApiError, part);
    assertInstanceOf(error, ApiError);
    assertEquals([error.status, error.param], [400, param]);
  }
});
