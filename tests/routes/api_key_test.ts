import { assertEquals } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";

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
