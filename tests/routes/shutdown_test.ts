import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Shutdown } from "../../lib/engine/shutdown.ts";
import { createApp } from "../../routes/app.ts";
import { listen } from "../../routes/listen.ts";
import { toyEngine } from "../toy/engine.ts";
import { chat, until } from "./_serve.ts";

/** Never comes. */
const never = new Promise<void>(() => {});

/** Serves a toy that stops half-way, and what is needed to shut it down. */
async function halting() {
  const shutdown = new Shutdown();
  const toy = toyEngine({ pace: (word) => word === 2 ? never : undefined });
  const failures: unknown[] = [];
  const app = createApp({
    engines: [toy],
    logFailure: (error) => failures.push(error),
    shutdown,
  });
  const server = await listen((request) => app.fetch(request), {
    hostname: "127.0.0.1",
    port: 0,
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return { app, failures, server, shutdown, toy, url };
}

Deno.test("Shutdown.run() ends at the deadline, with a last word to each client", async () => {
  const { failures, server, shutdown, toy, url } = await halting();
  const post = (fields: object) =>
    fetch(`${url}/v1/chat/completions`, chat(fields));
  const stream = await post({ stream: true });
  const whole = post({});
  await until(() => toy.runs.length === 2);
  await shutdown.run(server, { deadlineMs: 50 });

  const events = (await stream.text()).trim().split("\n\n");
  const { error } = JSON.parse(events.at(-1)!.slice("data: ".length));
  assertEquals(error.code, "server_shutting_down");
  assertEquals(error.type, "server_error");
  assertEquals(
    error.message,
    "Cannot finish the reply: the server is shutting down: 2 tokens were sent",
  );
  const answer = await whole;
  assertEquals(answer.status, 503);
  assertEquals(answer.headers.get("Retry-After"), "1");
  assertEquals((await answer.json()).error.code, "server_shutting_down");
  assertEquals(toy.runs, ["left", "left"]);
  assertEquals(failures, []);
});

Deno.test("Shutdown.run() waits no longer than for what runs", async () => {
  const { server, shutdown, url } = await halting();
  await (await fetch(`${url}/live`)).text();
  const before = performance.now();
  await shutdown.run(server, { deadlineMs: 60_000 });
  assert(performance.now() - before < 5000);
});

Deno.test("/ready is 503 once the server shuts down, /live is 200", async () => {
  const { app, server, shutdown } = await halting();
  const statuses = async () => [
    (await app.request("/live")).status,
    (await app.request("/ready")).status,
  ];
  assertEquals(await statuses(), [200, 200]);
  await shutdown.run(server, { deadlineMs: 0 });
  assertEquals(await statuses(), [200, 503]);
});

Deno.test("/ready and /health are 503 unless every model is ready or asleep", async () => {
  const engines = [toyEngine(), toyEngine({ id: "other" })];
  const app = createApp({ engines, logFailure() {} });
  const statuses = () =>
    Promise.all(["/live", "/ready", "/health"].map(async (path) => {
      return (await app.request(path)).status;
    }));
  assertEquals(await statuses(), [200, 200, 200]);
  engines[1].state = "asleep";
  assertEquals(await statuses(), [200, 200, 200]);
  for (const state of ["starting", "failed", "stopped"] as const) {
    engines[1].state = state;
    assertEquals(await statuses(), [200, 503, 503]);
    const { status, models } = await (await app.request("/health")).json();
    assertEquals(status, "unavailable");
    assertEquals(
      models.map(({ state }: { state: string }) => state),
      ["ready", state],
    );
  }
});

Deno.test("/metrics counts responses, and needs no key", async () => {
  const app = createApp({
    engines: [toyEngine()],
    apiKeys: ["key"],
    logFailure() {},
  });
  assertEquals((await app.request("/v1/models")).status, 401);
  const response = await app.request("/metrics");
  assertStringIncludes(
    await response.text(),
    'http_responses_total{status="401"} 1',
  );
});
