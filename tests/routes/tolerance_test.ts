/**
 * What clients get wrong about addresses, names and bodies, and are served all the same.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";
import { chat } from "./_serve.ts";

function makeApp(options: { apiKeys?: string[] } = {}) {
  return createApp({
    engines: [toyEngine(), toyEngine({ id: "Owner/Other" })],
    aliases: new Map([["gpt-4o", "toy"]]),
    logFailure: (error) => {
      throw error;
    },
    ...options,
  });
}

/** Returns the status, and the model or the error. */
async function ask(path: string, init?: RequestInit) {
  const response = await makeApp().request(path, init);
  const { model, error } = await response.json();
  return { status: response.status, model, message: error?.message };
}

/** Makes a chat request whose body is compressed. */
async function packed(format: CompressionFormat, text: string) {
  const stream = new Blob([text]).stream()
    .pipeThrough(new CompressionStream(format));
  const body = new Uint8Array(await new Response(stream).arrayBuffer());
  const headers = { ...chat().headers, "Content-Encoding": format };
  return { method: "POST", headers, body };
}

Deno.test("createApp() reads paths with a slash too many, or without /v1", async () => {
  const paths = [
    "/v1//chat/completions",
    "//v1/chat/completions",
    "/v1/chat/completions/",
    "/chat/completions",
    "/v1/v1/chat/completions",
  ];
  for (const path of paths) {
    assertEquals((await ask(path, chat())).status, 200, path);
  }
  for (const path of ["/models", "/v1/models/", "/models/toy"]) {
    assertEquals((await ask(path)).status, 200, path);
  }
});

Deno.test("createApp() asks for the key on every such path", async () => {
  const app = makeApp({ apiKeys: ["key"] });
  const paths = ["/chat/completions", "//chat//completions", "/v1//models/"];
  for (const path of paths) {
    const response = await app.request(path, chat());
    await response.body?.cancel();
    assertEquals(response.status, 401, path);
  }
});

Deno.test("createApp() finds a model by case, by owner and by alias", async () => {
  const names = {
    TOY: "toy",
    "someone/toy": "toy",
    other: "Owner/Other",
    "owner/OTHER": "Owner/Other",
    "gpt-4o": "toy",
  };
  for (const [name, id] of Object.entries(names)) {
    const { model } = await ask("/v1/chat/completions", chat({ model: name }));
    assertEquals(model, id, name);
  }
});

Deno.test("createApp() serves any model name, or none, if * is an alias", async () => {
  const app = createApp({
    engines: [toyEngine()],
    aliases: new Map([["*", "toy"]]),
    logFailure() {},
  });
  for (const model of ["gpt-9", "", null, undefined]) {
    const response = await app.request(
      "/v1/chat/completions",
      chat({ model }),
    );
    assertEquals((await response.json()).model, "toy");
  }
});

Deno.test("createApp() reads compressed bodies", async () => {
  const text = chat().body as string;
  for (const format of ["gzip", "deflate"] as const) {
    const init = await packed(format, text);
    assertEquals((await ask("/v1/chat/completions", init)).status, 200);
  }
  const plain = chat();
  const headers = { ...plain.headers, "Content-Encoding": "identity" };
  const init = { ...plain, headers };
  assertEquals((await ask("/v1/chat/completions", init)).status, 200);
});

Deno.test("createApp() says 415 for an unknown compression", async () => {
  const headers = { ...chat().headers, "Content-Encoding": "zstd" };
  const { status, message } = await ask("/v1/chat/completions", {
    ...chat(),
    headers,
  });
  assertEquals(status, 415);
  assertStringIncludes(message, "Content-Encoding must be gzip, deflate");
});

Deno.test("createApp() bounds what it unpacks, and what never unpacks", async () => {
  const bomb = await packed("gzip", " ".repeat(1 << 24));
  assertEquals((await ask("/v1/chat/completions", bomb)).status, 413);
  // A deflate stream of empty blocks, without an end.
  const empty = Uint8Array.of(0x00, 0x00, 0x00, 0xff, 0xff);
  const blocks = new Uint8Array(2 + empty.length * 300_000);
  blocks.set([0x78, 0x9c]);
  for (let at = 2; at < blocks.length; at += empty.length) {
    blocks.set(empty, at);
  }
  const headers = { ...chat().headers, "Content-Encoding": "deflate" };
  const endless = { method: "POST", headers, body: blocks };
  assertEquals((await ask("/v1/chat/completions", endless)).status, 413);
});

Deno.test("createApp() says 400 for a body that is not compressed as it says", async () => {
  const headers = { ...chat().headers, "Content-Encoding": "gzip" };
  const { status, message } = await ask("/v1/chat/completions", {
    ...chat(),
    headers,
  });
  assertEquals(status, 400);
  assertStringIncludes(message, "compressed as its Content-Encoding says");
});

Deno.test("createApp() refuses a body that is not UTF-8, by its type or its bytes", async () => {
  const { body } = chat();
  const headers = { "Content-Type": "application/json" };
  const as = (charset: string) => ({
    method: "POST",
    headers: { "Content-Type": `application/json; ${charset}` },
    body: body!,
  });
  const path = "/v1/chat/completions";
  for (const charset of ["charset=utf-8", 'charset="UTF8"', "version=1"]) {
    assertEquals((await ask(path, as(charset))).status, 200, charset);
  }
  const named = await ask(path, as("charset=latin1"));
  assertEquals(named.status, 415);
  assertStringIncludes(named.message, "must be UTF-8: received latin1");
  const latin1 = Uint8Array.from(
    '{"model":"toy","messages":[{"role":"user","content":"Zürich"}]}',
    (character) => character.charCodeAt(0),
  );
  const sent = await ask(path, { method: "POST", headers, body: latin1 });
  assertEquals(sent.status, 400);
  assertStringIncludes(sent.message, "the body must be UTF-8");
});
