import { assertEquals } from "@std/assert";
import { callerOf, plainKey } from "../../lib/access/api_keys.ts";
import { parseKeys } from "../../lib/access/key_lines.ts";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";
import { chat } from "./_serve.ts";

const app = createApp({
  engines: [toyEngine()],
  apiKeys: ["first", "second"],
  logFailure() {},
});

async function status(path: string, headers: HeadersInit = {}) {
  const response = await app.request(path, { headers });
  const { error } = await response.json();
  return [response.status, error?.code];
}

Deno.test("apiKey() passes any of the keys, as bearer or x-api-key", async () => {
  const good: HeadersInit[] = [
    { Authorization: "Bearer first" },
    { Authorization: "bearer second" },
    { "x-api-key": "second" },
  ];
  for (const headers of good) {
    assertEquals(await status("/v1/models", headers), [200, undefined]);
  }
});

Deno.test("apiKey() refuses a missing or wrong key on every path below /v1", async () => {
  const bad: HeadersInit[] = [
    {},
    { Authorization: "Bearer third" },
    { Authorization: "Bearer " },
    { Authorization: "first" },
    { Authorization: "Basic first" },
    { "x-api-key": "firs" },
    { "x-api-key": "" },
  ];
  for (const headers of bad) {
    assertEquals(await status("/v1/models", headers), [401, "invalid_api_key"]);
  }
  for (const path of ["/v1", "/v1/none", "/v1/models/toy", "/%761/models"]) {
    assertEquals(await status(path), [401, "invalid_api_key"]);
  }
});

Deno.test("apiKey() refuses a missing key on every path below /api", async () => {
  for (const path of ["/api", "/api/none", "/api/tags", "/%61pi/tags"]) {
    assertEquals((await status(path))[0], 401);
  }
  const headers = { Authorization: "Bearer first" };
  assertEquals((await status("/api/tags", headers))[0], 200);
});

Deno.test("apiKey() leaves /health open", async () => {
  assertEquals(await status("/health"), [200, undefined]);
});

Deno.test("a key that moves from API_KEYS to the file stays the same caller", async () => {
  const callers: string[] = [];
  const options = { engines: [toyEngine()], logFailure() {} };
  const [key] = parseKeys(`alice ${callerOf(plainKey("first"))}`);
  for (
    const keys of [{ apiKeys: ["first"] }, { fileKeys: () => [key] }, {
      apiKeys: ["other"],
      fileKeys: () => [key],
    }]
  ) {
    const toy = toyEngine();
    const app = createApp({ ...options, ...keys, engines: [toy] });
    const { headers, ...init } = chat();
    const authorized = { ...headers, Authorization: "Bearer first" };
    const response = await app.request("/v1/chat/completions", {
      ...init,
      headers: authorized,
    });
    assertEquals(response.status, 200);
    callers.push(toy.asked[0].cache.caller);
    const wrong = { Authorization: "Bearer alice" };
    assertEquals(
      (await app.request("/v1/models", { headers: wrong })).status,
      401,
    );
  }
  assertEquals(callers, Array(3).fill(callerOf(plainKey("first"))));
});

Deno.test("a file without keys opens nothing", async () => {
  const app = createApp({
    engines: [toyEngine()],
    fileKeys: () => [],
    logFailure() {},
  });
  assertEquals((await app.request("/v1/models")).status, 401);
});
