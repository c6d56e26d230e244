/**
 * The whole server: prompts survive restarts, are shared between instances, and are
 * erased on demand.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { openKvStore } from "../../lib/prefix/store/kv_store.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { type RunningServer, startServer } from "../server/_server.ts";
import { MODEL } from "../server/_client.ts";
import { temporaryFolder } from "./_folder.ts";
import { startSharedKv, TOKEN } from "./_shared_kv.ts";

/** A prompt of more than 12 blocks. */
const PROMPT = Array.from({ length: 36 }, (_, i) => `item ${i} is new`).join();

Deno.env.set("DENO_KV_ACCESS_TOKEN", TOKEN);

const KEYS = { API_KEYS: "alice,bob", ADMIN_KEY: "root" };

interface Ask {
  key?: string;
  model?: string;
  prompt?: string;
}

/** Requests a few words; returns them, and how many prompt tokens were cached. */
async function ask(
  { url }: RunningServer,
  { key = "alice", model = MODEL, prompt = PROMPT }: Ask = {},
) {
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${key}`,
    },
    body: JSON.stringify({
      model,
      prompt,
      max_tokens: 6,
      temperature: 0,
      prompt_cache_retention: "24h",
    }),
  });
  const { choices, usage, timings } = await response.json();
  const cached = usage.prompt_tokens_details.cached_tokens;
  assertEquals(response.status, 200);
  assertEquals(timings.cache_n, cached);
  assertEquals(timings.prompt_n, usage.prompt_tokens - cached);
  return { text: choices[0].text as string, cached: cached as number };
}

/** Waits until another process has written most of the prompt to a KV. */
async function untilStored(kv: string): Promise<void> {
  const store = await openKvStore(kv);
  while ((await store.list()).length < 12) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  store.close();
}

Deno.test("a prompt survives kill -9, for its caller only", async () => {
  using folder = temporaryFolder();
  const env = { ...KEYS, KV_PATH: `${folder.path}/kv.sqlite` };
  const first = await startServer(env);
  const { text, cached } = await ask(first);
  assertEquals(cached, 0);
  await untilStored(env.KV_PATH);
  await first[Symbol.asyncDispose]();

  await using server = await startServer(env);
  assertEquals((await ask(server, { key: "bob" })).cached, 0);
  const again = await ask(server);
  assertEquals(again.text, text);
  assert(again.cached > 100, `${again.cached}`);
  assert((await ask(server)).cached >= again.cached);

  const forbidden = await fetch(`${server.url}/admin/cache`, {
    method: "DELETE",
    headers: { authorization: "Bearer alice" },
  });
  assertEquals(forbidden.status, 401);
  await forbidden.body?.cancel();
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode("alice")),
  ).toHex();
  const erased = await fetch(`${server.url}/admin/cache?caller=${digest}`, {
    method: "DELETE",
    headers: { authorization: "Bearer root" },
  });
  assert((await erased.json()).blocks > 0);
  assertEquals((await ask(server)).cached, 0);
  assert((await ask(server, { key: "bob" })).cached > 0);
});

Deno.test("two servers share one KV server", async () => {
  await using kv = await startSharedKv();
  const env = {
    ...KEYS,
    KV_URL: kv.url,
    DENO_KV_ACCESS_TOKEN: TOKEN,
    PREFIX_SECRET: "the same for both of them",
  };
  await using one = await startServer(env);
  await using other = await startServer(env);
  const { text } = await ask(one);
  await untilStored(kv.url);
  const there = await ask(other);
  assertEquals(there.text, text);
  assert(there.cached > 100, `${there.cached}`);
  assertEquals((await ask(other, { key: "bob" })).cached, 0);
});

Deno.test("a KV that cannot be opened costs no answer", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const env = { ...KEYS, MODEL: path, CACHE_DIR: folder.path };
  const tiny = { model: "tiny", prompt: "Hello there, ".repeat(8) };
  const texts: string[] = [];
  const places = [
    { PREFIX_CACHE: "off" },
    { KV_PATH: "/proc/read-only/kv.sqlite" },
    { KV_URL: "http://127.0.0.1:1", DENO_KV_ACCESS_TOKEN: "x".repeat(12) },
  ];
  for (const place of places) {
    await using server = await startServer({ ...env, ...place });
    const { text, cached } = await ask(server, tiny);
    assertEquals(cached, 0);
    texts.push(text);
    const again = await ask(server, tiny);
    assertEquals(again.text, text);
    assertEquals(again.cached > 0, !("PREFIX_CACHE" in place));
  }
  assertEquals(new Set(texts).size, 1);
});

Deno.test("the operator's prompt is cached for every caller from the start", async () => {
  using folder = temporaryFolder();
  const [model, file] = [`${folder.path}/tiny.gguf`, `${folder.path}/a.txt`];
  await writeTinyGguf(model, { seed: 1 });
  const content = "You are the cook of a ship. Answer in rhymes, and in few.";
  Deno.writeTextFileSync(file, content);
  await using server = await startServer({
    ...KEYS,
    MODEL: model,
    CACHE_DIR: folder.path,
    SHARED_PROMPTS: file,
  });
  const known = async (key: string, content: string) => {
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${key}`,
      },
      body: JSON.stringify({
        model: "tiny",
        messages: [{ role: "system", content }, { role: "user", content: key }],
        max_tokens: 2,
      }),
    });
    const { usage } = await response.json();
    return usage.prompt_tokens_details.cached_tokens as number;
  };
  for (const key of ["alice", "bob"]) {
    assert(await known(key, content) >= 48, key);
    assert(await known(key, `${key}, ${content}`) < 48, "another prompt");
  }
});
