import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readPath } from "../../routes/middleware/paths.ts";
import { createApp } from "../../routes/app.ts";
import { DESCRIPTIONS } from "../../lib/wire/openapi/descriptions.ts";
import { toyEngine } from "../toy/engine.ts";
import { Shutdown } from "../../lib/engine/shutdown.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const ADMIN = "admin";
const shutdown = new Shutdown();
const app = createApp({
  engines: [toyEngine(), { ...toyEngine({ id: "asleep" }), info: undefined }],
  apiKeys: ["key"],
  adminKey: ADMIN,
  shutdown,
  logFailure() {},
});
const document: Json = await (await app.request("/openapi.json")).json();
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, "document");

/** Returns what is wrong with a value by the document's schema at a place. */
function mistakes(place: string, value: unknown) {
  const valid = ajv.getSchema(`document#${place}`)!;
  return valid(value) ? [] : valid.errors;
}

const escaped = (text: string) =>
  text.replaceAll("~", "~0").replaceAll("/", "~1");

/** Sends a request and checks that the document has its answer. */
async function check(
  method: string,
  path: string,
  { body, key = "key", named = path.split("?")[0] }: {
    body?: object;
    key?: string;
    named?: string;
  } = {},
): Promise<number> {
  const response = await app.request(path, {
    method: method.toUpperCase(),
    headers: { "content-type": "application/json", "x-api-key": key },
    ...body && { body: JSON.stringify(body) },
  });
  const { status, headers } = response;
  const text = await response.text();
  const media = headers.get("content-type")!.split(";")[0];
  const what = `${method} ${path} ${status} ${text}`;
  const { content } = document.paths[named][method].responses[status];
  assert(content?.[media], what);
  const place = `/paths/${
    escaped(named)
  }/${method}/responses/${status}/content/${escaped(media)}/schema`;
  if (media === "application/json") {
    assertEquals(mistakes(place, JSON.parse(text)), [], what);
  }
  if (/event-stream|ndjson/.test(media)) {
    const events = text.trim().split(/\n(?:\n|(?=\{))/)
      .map((event) => event.replace(/^(event: .*\n)?data: /, ""))
      .filter((event) => event !== "[DONE]");
    assert(events.length > 0);
    const { $ref } = content[media].schema.contentSchema;
    for (const event of events) {
      assertEquals(mistakes($ref.slice(1), JSON.parse(event)), [], event);
    }
  }
  return status;
}

Deno.test("the document has every route, and no other", () => {
  const served = app.routes.filter(({ method, path }) =>
    method !== "ALL" && !path.endsWith("/*")
  ).map(({ method, path }) =>
    `${method} ${path.replace(/:(\w+)(\{\.\+\})?/g, "{$1}")}`
  );
  const named = Object.entries(document.paths as Record<string, object>)
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) =>
        `${method.toUpperCase()} ${readPath(new Request(`http://host${path}`))}`
          .replaceAll("%7B", "{").replaceAll("%7D", "}")
      )
    );
  assertEquals([...new Set(served)].sort(), named.sort());
  assert(named.length > 10);
});

Deno.test("what is served has the form that the document says", async () => {
  const chat = { model: "toy", messages: [{ role: "user", content: "Hi" }] };
  const text = { model: "toy", prompt: ["Hi", "there"] };
  const response = { model: "toy", input: "Hi" };
  const message = { ...chat, max_tokens: 9 };
  const asked = { instructions: "Is it a greeting?" };
  const questions = [
    { type: "predicate", ...asked },
    { type: "choice", ...asked, choices: [{ value: true }, { value: "no" }] },
    { type: "score", ...asked, levels: [{ label: "no" }, { label: "yes" }] },
  ];
  const decisions = { ...response, questions };
  const usage = { stream: true, stream_options: { include_usage: true } };
  const cases: [string, string, Parameters<typeof check>[2], number][] = [
    ["post", "/v1/chat/completions", { body: chat }, 200],
    [
      "post",
      "/v1/chat/completions",
      { body: { ...chat, ...usage, n: 2 } },
      200,
    ],
    ["post", "/v1/chat/completions", { body: { ...chat, n: 0 } }, 400],
    ["post", "/v1/chat/completions", { body: chat, key: "no" }, 401],
    ["post", "/v1/completions", { body: text }, 200],
    ["post", "/v1/completions", { body: { ...text, stream: true } }, 200],
    ["post", "/v1/completions", { body: { ...text, model: "x" } }, 404],
    ["post", "/v1/messages", { body: message }, 200],
    ["post", "/v1/messages", { body: { ...message, stream: true } }, 200],
    ["post", "/v1/messages", { body: chat }, 400],
    ["post", "/v1/messages/count_tokens", { body: chat }, 200],
    ["post", "/v1/messages/count_tokens", { body: chat, key: "no" }, 401],
    ["post", "/api/chat", { body: chat }, 200],
    ["post", "/api/chat", { body: { ...chat, stream: false } }, 200],
    ["post", "/api/chat", { body: { ...chat, format: 1 } }, 400],
    ["post", "/api/generate", { body: { model: "toy" } }, 200],
    ["post", "/api/generate", { body: { model: "toy", prompt: "a" } }, 200],
    ["get", "/api/version", {}, 200],
    ["get", "/api/tags", {}, 200],
    ["get", "/api/ps", {}, 200],
    ["post", "/api/show", { body: chat }, 200],
    ["post", "/api/pull", { body: chat }, 200],
    ["post", "/v1/responses", { body: response }, 200],
    ["post", "/v1/responses", { body: { ...response, stream: true } }, 200],
    ["post", "/v1/responses/input_tokens", { body: response }, 200],
    ["get", "/v1/responses/no", { named: "/v1/responses/{id}" }, 404],
    ["delete", "/v1/responses/no", { named: "/v1/responses/{id}" }, 404],
    ["post", "/v1/embeddings", { body: response }, 200],
    ["post", "/v1/decisions", { body: decisions }, 200],
    ["post", "/v1/decisions", { body: response }, 400],
    ["get", "/v1/models", {}, 200],
    ["get", "/v1/models/toy", { named: "/v1/models/{id}" }, 200],
    ["get", "/v1/models/no", { named: "/v1/models/{id}" }, 404],
    ["post", "/tokenize", { body: { content: "a" } }, 200],
    ["post", "/tokenize", {
      body: { ...chat, with_pieces: true, return_token_strs: true },
    }, 200],
    ["post", "/tokenize", { body: {} }, 400],
    ["post", "/detokenize", { body: { tokens: [97] } }, 200],
    ["post", "/apply-template", { body: chat }, 200],
    ["get", "/health", {}, 200],
    ["get", "/live", {}, 200],
    ["get", "/ready", {}, 200],
    ["get", "/metrics", {}, 200],
    ["delete", "/admin/cache", { key: ADMIN }, 200],
    ["delete", "/admin/cache?caller=x", { key: ADMIN }, 400],
    ["delete", "/admin/cache", { key: "key" }, 401],
    ["get", "/", {}, 200],
    ["get", "/docs", {}, 200],
    ["get", "/openapi.json", {}, 200],
  ];
  const tried = new Set<string>();
  for (const [method, path, options, status] of cases) {
    assertEquals(await check(method, path, options), status, path);
    tried.add(`${method} ${options?.named ?? path}`);
  }
  for (const [path, methods] of Object.entries(document.paths as object)) {
    for (const method of Object.keys(methods)) {
      assert(tried.has(`${method} ${path}`), `${method} ${path}`);
    }
  }
});

Deno.test("the document explains every parameter and asks for the server's keys", async () => {
  const { schemas } = document.components;
  const bodies = Object.keys(schemas).filter((name) =>
    name.endsWith("Request")
  );
  assert(bodies.length > 3);
  const used = new Set<string>();
  for (const name of bodies) {
    const fields: Record<string, Json> = schemas[name].properties;
    for (const [field, { description }] of Object.entries(fields)) {
      assert(description, `${name}.${field}`);
      used.add(field);
    }
  }
  const unused = Object.keys(DESCRIPTIONS).filter((name) => !used.has(name));
  assertEquals(unused, []);
  const { security } = document.paths["/v1/models"].get;
  assertEquals(security, [{ bearer: [] }, { header: [] }]);
  const open = createApp({ engines: [toyEngine()], logFailure() {} });
  const other: Json = await (await open.request("/openapi.json")).json();
  assertEquals(other.paths["/v1/models"].get.security, []);
  assertEquals(other.paths["/admin/cache"], undefined);
});

Deno.test("a request that is taken fits the document, and one that is not does not", () => {
  const one = { role: "user", content: "Hi" };
  const good = [
    { messages: [one] },
    { messages: [{ role: "assistant", content: null }, one], top_k: -1 },
    { messages: [one], stop: ["a"], logit_bias: { "5": 1 }, seed: -1 },
    { messages: [one], tool_choice: "none", unknown: 1, mirostat: 0 },
  ];
  const bad = [
    {},
    { messages: [] },
    { messages: [{ role: "robot", content: "" }] },
    { messages: [one], n: 1.5 },
    { messages: [one], stop: 1 },
    { messages: [one], mirostat: 1 },
    { messages: [one], logit_bias: { a: 1 } },
  ];
  const place = "/components/schemas/ChatRequest";
  for (const body of good) assertEquals(mistakes(place, body), []);
  for (const body of bad) {
    assert(mistakes(place, body)!.length, JSON.stringify(body));
  }
});

Deno.test("the document says that one of several fields is required", () => {
  const cases: [schema: string, body: object, fits: boolean][] = [
    ["TokenizeRequest", { content: "a" }, true],
    ["TokenizeRequest", { content: null, prompt: ["a", 1] }, true],
    ["TokenizeRequest", { content: null }, false],
    ["TokenizeRequest", { content: "a", prompt: "a" }, false],
    ["OllamaModelRequest", { name: "a", model: "" }, true],
    ["OllamaModelRequest", { model: "" }, false],
    ["OllamaModelRequest", {}, false],
  ];
  for (const [schema, body, fits] of cases) {
    const found = mistakes(`/components/schemas/${schema}`, body)!;
    assertEquals(found.length === 0, fits, JSON.stringify(body));
  }
});

Deno.test("reference() serves a page that loads files of this server alone", async () => {
  const response = await app.request("/docs");
  const policy = response.headers.get("Content-Security-Policy")!;
  assertStringIncludes(policy, "default-src 'self'");
  const page = await response.text();
  const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)];
  assert(links.length >= 3);
  for (const [, path] of links) {
    const file = await app.request(`/${path.replace("./", "")}`);
    assertEquals(file.status, 200, path);
    assertEquals((await file.text()).match(/https?:\/\/(?!www\.w3)\S+/g), null);
  }
});
