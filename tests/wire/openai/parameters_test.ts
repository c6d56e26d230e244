/**
 * Each row of `parameters.jsonl` is a request: the resource, what is laid over a good
 * body, the status, and for an error the parameter, a part of the message and the code.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "../../../routes/app.ts";
import { byteEngine, END, utf8 } from "../../engine/_byte_engine.ts";
import { toyDecoder } from "../../toy/decoder.ts";

type Resource = "chat" | "text" | "decisions";
type Row = [
  resource: Resource | "both",
  fields: object,
  status: number,
  param?: string,
  says?: string,
  code?: string,
];

const RESOURCES = {
  chat: {
    path: "/v1/chat/completions",
    body: { messages: [{ role: "user", content: "Hi" }] },
  },
  text: { path: "/v1/completions", body: { prompt: "Hi" } },
  decisions: {
    path: "/v1/decisions",
    body: {
      input: "Hi",
      questions: [{ type: "predicate", instructions: "A greeting?" }],
    },
  },
};

const rows: Row[] = Deno
  .readTextFileSync(new URL("parameters.jsonl", import.meta.url))
  .trim().split("\n").map((line) => JSON.parse(line));

/** Makes an app whose model has room for so many tokens. */
function appWith(context: number) {
  const decoder = toyDecoder([...utf8("Hello."), END]);
  return createApp({
    engines: [byteEngine(decoder, { context })],
    logFailure: (error) => {
      throw error;
    },
  });
}

const [app, roomy] = [64, 128].map(appWith);

async function ask(resource: Resource, fields: object | string) {
  const { path, body } = RESOURCES[resource];
  const text = typeof fields === "string"
    ? fields
    : JSON.stringify({ model: "toy", ...body, ...fields });
  const { request } = resource === "decisions" ? roomy : app;
  const response = await request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: text,
  });
  return { status: response.status, text: await response.text() };
}

Deno.test("createApp() takes a parameter, or names it in a 400", async (t) => {
  assert(rows.length >= 150);
  for (const [where, fields, status, param, says = "", code] of rows) {
    const resources = where === "both"
      ? ["chat", "text"] as const
      : [where] as const;
    for (const resource of resources) {
      await t.step(`${resource} ${JSON.stringify(fields)}`, async () => {
        const answer = await ask(resource, fields);
        assertEquals(answer.status, status, answer.text);
        if (status === 200) return;
        const { error } = JSON.parse(answer.text);
        assertStringIncludes(error.message, says);
        assertEquals(error.param, param);
        assertEquals(error.code, code ?? null);
      });
    }
  }
});

Deno.test("createApp() refuses a body that is no JSON object", async (t) => {
  const bodies = [
    ["", 'must be valid JSON: received ""'],
    ["{", "must be valid JSON"],
    ["[]", "the body must be a JSON object: received an array of 0"],
    ["null", "the body must be a JSON object: received null"],
    ['"Hi"', 'the body must be a JSON object: received "Hi"'],
  ];
  for (const [body, says] of bodies) {
    await t.step(JSON.stringify(body), async () => {
      const { status, text } = await ask("chat", body);
      assertEquals(status, 400);
      const { error } = JSON.parse(text);
      assertEquals([error.type, error.param], ["invalid_request_error", null]);
      assertStringIncludes(error.message, says);
    });
  }
});

Deno.test("createApp() refuses too many messages before it reads them", async () => {
  const { text } = await ask("chat", { messages: Array(2049).fill(1) });
  assertStringIncludes(
    text,
    "must be at most 2048 messages: received an array",
  );
});

Deno.test("createApp() repeats no more than the start of a long value", async () => {
  const { text } = await ask("chat", { seed: "x".repeat(1000) });
  const { error } = JSON.parse(text);
  assertStringIncludes(error.message, `"${"x".repeat(40)}"…`);
});
