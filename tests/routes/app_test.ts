import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { toyEngine, type ToyOptions } from "../toy/engine.ts";
import { chat } from "./_serve.ts";

function makeApp(toy: ToyOptions = {}) {
  const failures: unknown[] = [];
  let ids = 0;
  const app = createApp({
    engines: [toyEngine(toy), toyEngine({ id: "owner/other" })],
    logFailure: (error, { requestId }) => failures.push([error, requestId]),
    now: () => 1_234_567_890,
    newId: () => `id${ids++}`,
    randomSeed: () => 7,
  });
  return { app, failures };
}

/** Asks and gives the status and the error, which must have OpenAI's keys. */
async function fails(path: string, init: RequestInit = {}) {
  const response = await makeApp().app.request(path, init);
  const { error } = await response.json();
  assertEquals(Object.keys(error), ["message", "type", "param", "code"]);
  assert(response.headers.get("x-request-id"));
  return { status: response.status, headers: response.headers, error };
}

Deno.test("createApp() reports health", async () => {
  const response = await makeApp().app.request("/health");
  const { status, models } = await response.json();
  assertEquals(status, "ok");
  assertEquals(models[0], {
    id: "toy",
    state: "ready",
    backend: "cpu",
    weights: "int8",
    threads: 2,
    context: 2048,
    exact: "bitwise",
    sequences_per_pass: 16,
    fingerprint: "fp_toy",
  });
});

Deno.test("createApp() lists models and finds one, slashes and all", async () => {
  const { app } = makeApp();
  const list = await (await app.request("/v1/models")).json();
  assertEquals(list.object, "list");
  assertEquals(list.data.map(({ id }: { id: string }) => id), [
    "toy",
    "owner/other",
  ]);
  for (const path of ["owner/other", "owner%2Fother"]) {
    const response = await app.request(`/v1/models/${path}`);
    assertEquals(await response.json(), {
      id: "owner/other",
      object: "model",
      created: 1_700_000_000,
      owned_by: "local",
      type: "model",
      display_name: "owner/other",
      created_at: "2023-11-14T22:13:20.000Z",
      context_length: 2048,
      max_model_len: 2048,
      meta: {
        vocab_type: 2,
        n_vocab: 258,
        n_ctx_train: 2048,
        n_embd: 8,
        n_params: 1000,
        size: 4000,
      },
    });
  }
});

Deno.test("createApp() answers a chat, from the engine that is named", async () => {
  const { app } = makeApp();
  const response = await app.request(
    "/v1/chat/completions",
    chat({ model: "owner/other" }),
  );
  assertEquals(response.status, 200);
  const { id, created, model, system_fingerprint, choices } = await response
    .json();
  assertEquals({ id, created, model, system_fingerprint }, {
    id: "chatcmpl-id1",
    created: 1_234_567,
    model: "owner/other",
    system_fingerprint: "fp_toy",
  });
  assertEquals(choices[0].message.content, "The quick brown fox.");
});

Deno.test("createApp() streams events that nothing may cache or buffer", async () => {
  const { app } = makeApp();
  const response = await app.request(
    "/v1/chat/completions",
    chat({ stream: true }),
  );
  const { headers } = response;
  assertStringIncludes(headers.get("Content-Type")!, "text/event-stream");
  assertStringIncludes(headers.get("Cache-Control")!, "no-cache");
  const text = await response.text();
  assert(text.startsWith('data: {"id":"chatcmpl-id1"'));
  assert(text.endsWith("}\n\ndata: [DONE]\n\n"));
});

Deno.test("createApp() echoes a sane request id and replaces any other", async () => {
  const { app } = makeApp();
  const idFor = async (id: string) => {
    const headers = { "x-request-id": id };
    const response = await app.request("/health", { headers });
    return response.headers.get("x-request-id");
  };
  assertEquals(await idFor("abc-123"), "abc-123");
  assertEquals(await idFor("a b<script>"), "id0");
  assertEquals(await idFor("x".repeat(300)), "id1");
});

Deno.test("createApp() says 404 for unknown paths and models", async () => {
  const path = await fails("/v1/rerank", { method: "POST" });
  assertEquals([path.status, path.error.code], [404, "unknown_url"]);
  const asked = await fails("/v1/chat/completions", chat({ model: "gpt" }));
  assertEquals([asked.status, asked.error.code], [404, "model_not_found"]);
  assertEquals(asked.error.param, "model");
  assertStringIncludes(asked.error.message, 'owner/other: received "gpt"');
  for (const id of ["gpt", "%ff", "owner/", "toy/gpt"]) {
    const { status, error } = await fails(`/v1/models/${id}`);
    assertEquals([status, error.code], [404, "model_not_found"]);
  }
});

Deno.test("createApp() says 405 and what is allowed for a wrong method", async () => {
  for (
    const [method, path, allow] of [
      ["GET", "/v1/chat/completions", "POST"],
      ["DELETE", "/v1/completions", "POST"],
      ["POST", "/v1/models", "GET"],
      ["DELETE", "/v1/models/owner/other", "GET"],
      ["POST", "/health", "GET"],
      ["POST", "/", "GET"],
      ["PUT", "/docs", "GET"],
    ]
  ) {
    const { status, headers } = await fails(path, { method });
    assertEquals([status, headers.get("Allow")], [405, allow]);
  }
});

Deno.test("createApp() wants JSON by its content type", async () => {
  const { body } = chat();
  for (const type of ["text/plain", "application/jsonx", ""]) {
    const { status, error } = await fails("/v1/chat/completions", {
      method: "POST",
      headers: type ? { "Content-Type": type } : {},
      body: body!,
    });
    assertEquals(status, 400);
    assertStringIncludes(
      error.message,
      "Content-Type must be application/json",
    );
  }
  const response = await makeApp().app.request("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "Application/JSON; charset=utf-8" },
    body: body!,
  });
  await response.body?.cancel();
  assertEquals(response.status, 200);
});

Deno.test("createApp() says 400 for broken JSON and bad values", async () => {
  const broken = await fails("/v1/chat/completions", { ...chat(), body: "{" });
  assertEquals([broken.status, broken.error.param], [400, null]);
  const bad = await fails("/v1/chat/completions", chat({ temperature: 3 }));
  assertEquals([bad.status, bad.error.param], [400, "temperature"]);
});

Deno.test("createApp() says 413 for a body over 1 MiB, of known length or not", async () => {
  const long = new TextEncoder().encode("x".repeat(1_048_577));
  const headers = { "Content-Type": "application/json" };
  const known = await fails("/v1/completions", {
    method: "POST",
    headers: { ...headers, "Content-Length": String(long.length) },
    body: long,
  });
  assertEquals(known.status, 413);
  const unknown = await fails("/v1/completions", {
    method: "POST",
    headers,
    body: ReadableStream.from([long.subarray(0, 9), long]),
  });
  assertEquals(unknown.status, 413);
  assertEquals(unknown.error.type, "invalid_request_error");
});

Deno.test("createApp() keeps the details of a failure to the log", async () => {
  const secret = new RangeError("secret");
  for (const stream of [false, true]) {
    const { app, failures } = makeApp({
      pace: () => {
        throw secret;
      },
    });
    const init = chat({ stream });
    const response = await app.request("/v1/chat/completions", {
      ...init,
      headers: { ...init.headers, "x-request-id": "mine" },
    });
    assertEquals(response.status, 500);
    assertEquals(response.headers.get("x-request-id"), "mine");
    const text = await response.text();
    assertEquals(JSON.parse(text).error.type, "server_error");
    assertEquals(text.includes("secret"), false);
    assertEquals(failures, [[secret, "mine"]]);
  }
});

Deno.test("createApp() ends a stream that fails half-way with an error event", async () => {
  const { app, failures } = makeApp({
    pace: (word) => {
      if (word === 2) throw new RangeError("secret");
    },
  });
  const response = await app.request(
    "/v1/chat/completions",
    chat({ stream: true }),
  );
  assertEquals(response.status, 200);
  const events = (await response.text()).trim().split("\n\n");
  assertEquals(events.length, 4); // the role, two words, the error
  const { error } = JSON.parse(events[3].slice("data: ".length));
  assertEquals(Object.keys(error), ["message", "type", "param", "code"]);
  assertEquals(error.message.includes("secret"), false);
  assertEquals(failures.length, 1);
});

Deno.test("createApp() logs the beginning of a path alone", async () => {
  const paths: string[] = [];
  const app = createApp({
    engines: [toyEngine()],
    logFailure() {},
    logRequest: ({ path }) => paths.push(path),
  });
  await app.request(`/v1/models/${"a".repeat(60_000)}`);
  assertEquals(paths.map(({ length }) => length), [256]);
});
