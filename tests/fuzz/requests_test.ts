/**
 * Whatever is sent, the answer is one that the documents name, and the next request is
 * served as if nothing had been sent before.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Hono } from "hono";
import { openResponses } from "../../lib/responses/open_responses.ts";
import { createApp } from "../../routes/app.ts";
import { chat } from "../routes/_serve.ts";
import { toyEngine } from "../toy/engine.ts";
import { type FuzzedRequest, requests } from "./_requests.ts";
import { RESOURCES } from "./_resources.ts";
import { fuzzed } from "./_runs.ts";

const TEXT = "The quick brown fox.";

/** Statuses that docs/api.md lists for what a client does. */
const STATUSES = [200, 204, 400, 401, 404, 405, 413, 415];

/** Bytes that the heap may grow by in the last half of a long run. */
const GROWTH = 4 << 20;

/** Frees what nothing refers to, where Deno runs with `--v8-flags=--expose-gc`. */
const collectGarbage = (globalThis as { gc?: () => void }).gc;

const failures: unknown[] = [];

/** Checks that a body is an error of the API that the request was for. */
function assertError(text: string, named: boolean): void {
  const { error, type: kind, ...rest } = JSON.parse(text);
  if (typeof error === "string") { // Ollama's
    assert(error.startsWith("Cannot "), text);
    return assertEquals(rest, {});
  }
  const { message, type, param, code } = error;
  if (kind === "error") { // Anthropic's
    assert(message.startsWith("Cannot ") && rest.request_id, text);
    assert(["invalid_request_error", "not_found_error"].includes(type), text);
    return;
  }
  assert(typeof message === "string" && message.startsWith("Cannot "), text);
  const types = ["invalid_request_error", "not_found_error"];
  if (message.includes("API key")) types.push("authentication_error");
  assert(types.includes(type), text);
  assert(code === null || typeof code === "string", text);
  assert(typeof param === "string" || (param === null && !named), text);
}

/** Checks that a stream has events of JSON and ends as it should. */
function assertStream(text: string): void {
  const events = text.trim().split("\n\n");
  const last = events.at(-1)!;
  if (last === "data: [DONE]") events.pop();
  else assert(last.startsWith("event: message_stop"), text); // Anthropic's
  for (const event of events) {
    JSON.parse(event.replace(/^(event: .+\n)?data: /, ""));
  }
}

/** Checks the answer of a request; returns its status. */
async function assertServed(
  app: Hono,
  { path, init, isObject }: FuzzedRequest,
): Promise<number> {
  const response = await app.request(path, init);
  const text = await response.text();
  assert(STATUSES.includes(response.status), `${response.status} ${text}`);
  assertEquals(failures, []);
  if (init.method === "HEAD") return response.status;
  const type = response.headers.get("content-type") ?? "";
  if (response.status >= 400) {
    assertError(text, isObject && response.status === 400);
  } else if (type.startsWith("text/event-stream")) assertStream(text);
  else if (type === "application/x-ndjson") {
    const lines = text.trim().split("\n").map((line) => JSON.parse(line));
    assert(lines.at(-1).done || lines.at(-1).status === "success", text);
  } else if (type.startsWith("application/json")) JSON.parse(text);
  return response.status;
}

Deno.test("createApp() answers any request by the documents, and the next one right", async () => {
  const engine = toyEngine({ text: TEXT });
  const responseStore = openResponses(
    Promise.resolve({ mode: "memory", kv: "", secret: new Uint8Array(32) }),
    { lifeMs: 60_000, onFailure: console.error, onFull() {}, now: Date.now },
  );
  const app = createApp({
    engines: [engine],
    responseStore,
    adminKey: "x",
    logFailure: (error) => failures.push(error),
  });
  const seen = Object.fromEntries(
    [...RESOURCES.map(({ path }) => path), "other"]
      .map((path): [string, Record<number, number>] => [path, {}]),
  );
  const memory: { heap: number; rss: number }[] = [];
  function noteMemory() {
    collectGarbage?.();
    const { heapUsed, rss } = Deno.memoryUsage();
    memory.push({ heap: heapUsed, rss });
  }
  const parameters = fuzzed<[FuzzedRequest]>(2000);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      const status = await assertServed(app, request);
      const good = await app.request("/v1/chat/completions", chat());
      assertEquals((await good.json()).choices[0].message.content, TEXT);
      const counts = seen[request.path] ?? seen.other;
      counts[status] = (counts[status] ?? 0) + 1;
      engine.asked.length = engine.runs.length = 0; // it forgets nothing itself
      if (runs++ % (parameters.numRuns! / 4) === 0) noteMemory();
    }),
    parameters,
  );
  responseStore.close();
  noteMemory();
  console.table(seen);
  console.table(memory);
  // The test is only meaningful if many requests are taken and many refused.
  for (const { path } of RESOURCES) {
    assert(seen[path][200] > 3 && seen[path][400] > 3, path);
  }
  if (collectGarbage) {
    assert(memory.at(-1)!.heap - memory[2].heap < GROWTH, "the heap grows");
  }
});
