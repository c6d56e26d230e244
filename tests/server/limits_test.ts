/**
 * Requests that are as large as a request may be, and one beyond: on a real server, as
 * the sizes are what parsers, threads and the context have to bear.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RunningServer } from "./_server.ts";
import { startTinyServer, TINY } from "./_tiny_server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const CONTEXT = 256;
const MOST_BYTES = 1 << 20;
const HI = [{ role: "user", content: "Hi" }];

let server: RunningServer;

Deno.test.beforeAll(async () => {
  server = await startTinyServer({ CONTEXT: String(CONTEXT), BACKEND: "cpu" });
});

Deno.test.afterAll(() => server[Symbol.asyncDispose]());

/** Sends a body, or fields of one; returns the status, the reply and its error's text. */
async function ask(path: string, body: string | object) {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string"
      ? body
      : JSON.stringify({ model: TINY, ...body }),
  });
  const reply: Json = await response.json();
  const { error } = reply;
  return { status: response.status, reply, message: error?.message ?? error };
}

/** The APIs that answer a chat, each with the fields of a message of the user's. */
const CHATS: [
  path: string,
  toBody: (content: string, most: number) => object,
][] = [
  ["/v1/chat/completions", (content, max_tokens) => ({
    messages: [{ role: "user", content }],
    max_tokens,
  })],
  ["/v1/responses", (input, max_output_tokens) => ({
    input,
    max_output_tokens,
  })],
  ["/v1/messages", (content, max_tokens) => ({
    messages: [{ role: "user", content }],
    max_tokens,
  })],
  ["/api/chat", (content, num_predict) => ({
    messages: [{ role: "user", content }],
    options: { num_predict },
    stream: false,
  })],
  ["/api/generate", (prompt, num_predict) => ({
    prompt,
    options: { num_predict },
    stream: false,
  })],
];

Deno.test("a list or a text that is far too long is refused by its name", async () => {
  const messages = Array(5000).fill(HI[0]);
  const biases = Object.fromEntries(
    Array.from({ length: 90_000 }, (_, i) => [i, 1]),
  );
  const stop = "x".repeat(100_000);
  const cases: [path: string, fields: object, param: string][] = [
    ["/v1/chat/completions", { messages }, "messages"],
    ["/v1/responses", { input: messages }, "input"],
    ["/v1/messages", { messages, max_tokens: 1 }, "messages"],
    ["/api/chat", { messages }, "messages"],
    ["/apply-template", { messages }, "messages"],
    ["/v1/chat/completions", { messages: HI, logit_bias: biases }, "bias"],
    ["/api/chat", { messages: HI, options: { logit_bias: biases } }, "bias"],
    ["/v1/chat/completions", { messages: HI, stop }, "stop"],
    ["/v1/completions", { prompt: "a", stop: [stop] }, "stop"],
    [
      "/v1/messages",
      { messages: HI, max_tokens: 1, stop_sequences: Array(400).fill("x") },
      "stop_sequences",
    ],
    ["/api/generate", { prompt: "a", options: { stop } }, "options.stop"],
    ["/v1/embeddings", { input: Array(5000).fill("a") }, "input"],
    ["/v1/completions", { prompt: Array(5000).fill("a") }, "prompt"],
  ];
  for (const [path, fields, param] of cases) {
    const { status, message } = await ask(path, fields);
    assertEquals(status, 400, path);
    assertStringIncludes(message, param, path);
  }
});

Deno.test("a value that is 100,000 levels deep fails no more than its request", async () => {
  const deep = (open: string, close: string) =>
    open.repeat(100_000) + "1" + close.repeat(100_000);
  const array = deep("[", "]"), object = deep('{"a":', "}");
  const cases: [path: string, body: string, status: number][] = [
    ["/v1/chat/completions", array, 400],
    ["/v1/chat/completions", `{"messages":${array}}`, 400],
    ...[
      `"never_heard_of":${array}`,
      `"user":${object}`,
    ].map((field): [string, string, number] => [
      "/v1/chat/completions",
      `{"model":"tiny","max_tokens":1,"messages":${
        JSON.stringify(HI)
      },${field}}`,
      200,
    ]),
    ...[
      `"stop":${array}`,
      `"logit_bias":${object}`,
      `"chat_template_kwargs":${object}`,
      `"response_format":{"type":"json_schema","json_schema":{"schema":${object}}}`,
      `"tools":[{"type":"function","function":{"name":"f","parameters":${object}}}]`,
      `"structured_outputs":{"json":${object}}`,
    ].map((field): [string, string, number] => [
      "/v1/chat/completions",
      `{"model":"tiny","messages":${JSON.stringify(HI)},${field}}`,
      400,
    ]),
    ["/v1/responses", `{"model":"tiny","input":"a","metadata":${object}}`, 400],
    ["/v1/responses", `{"model":"tiny","input":${array}}`, 400],
    ["/api/generate", `{"model":"tiny","prompt":"a","format":${object}}`, 400],
    ["/api/generate", `{"model":"tiny","prompt":"a","options":${object}}`, 200],
    ["/tokenize", `{"content":${array}}`, 400],
  ];
  for (const [path, body, status] of cases) {
    const response = await fetch(server.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const what = `${path} ${body.slice(0, 120)} ${await response.text()}`;
    assertEquals(response.status, status, what.slice(0, 500));
  }
});

Deno.test("of a name that comes twice, the last counts", async () => {
  const { reply } = await ask(
    "/v1/completions",
    '{"model":"tiny","prompt":"a","max_tokens":9,"ignore_eos":true,"max_tokens":3}',
  );
  assertEquals(reply.usage.completion_tokens, 3);
});

Deno.test("a prompt may fill the context but for one token, on every API", async () => {
  for (const [path, toBody] of CHATS) {
    const { reply } = await ask(path, toBody("q", 1));
    const { prompt_eval_count, usage = {} } = reply;
    const frame = (prompt_eval_count ?? usage.prompt_tokens ??
      usage.input_tokens) - 1;
    const status = async (tokens: number, most: number) =>
      (await ask(path, toBody("q".repeat(tokens - frame), most))).status;
    assertEquals(await status(CONTEXT - 1, 1), 200, path);
    assertEquals(await status(CONTEXT - 1, 9), 200, path);
    assertEquals(await status(CONTEXT, 1), 400, path);
    assertEquals(await status(CONTEXT + 1, 1), 400, path);
  }
  const prompt = Array(CONTEXT - 1).fill(79);
  const { reply } = await ask("/v1/completions", { prompt });
  assertEquals(reply.usage.total_tokens, CONTEXT);
  const full = await ask("/v1/completions", { prompt: [...prompt, 79] });
  assertEquals(full.reply.error.code, "context_length_exceeded");
});

Deno.test("a body may have 1 MiB, and no byte more", async () => {
  for (const [path, toBody] of CHATS) {
    const body = JSON.stringify({ model: TINY, ...toBody("Hi", 1) });
    const full = body.padEnd(MOST_BYTES);
    assertEquals((await ask(path, full)).status, 200, path);
    const { status, message } = await ask(path, `${full} `);
    assertEquals(status, 413, path);
    assert(message.includes(String(MOST_BYTES)), message);
  }
});
