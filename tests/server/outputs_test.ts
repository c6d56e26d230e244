/**
 * What is only told, to a terminal, a log or a collector of traces, fails nothing that
 * is done: not where it is full, closed, unread or gone.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { command } from "./_server.ts";

/** Requests whose log lines are more than a pipe holds. */
const REQUESTS = 600;

/** Where standard output and error go, in bash's words. */
const OUTPUTS = {
  "full, and a pipe that nobody reads": ">/dev/full 2>$FIFO",
  "closed, and full": ">&- 2>/dev/full",
};

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function untilReady(url: string, ended: () => boolean): Promise<void> {
  while (!ended()) {
    const ready = await fetch(`${url}/ready`).catch(() => undefined);
    await ready?.body?.cancel();
    if (ready?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("Cannot wait for the server: it must run: received its end");
}

Deno.test("a server serves whatever becomes of its outputs", async (t) => {
  const folder = await Deno.makeTempDir();
  const [MODEL, FIFO] = [`${folder}/tiny.gguf`, `${folder}/fifo`];
  await writeTinyGguf(MODEL, { seed: 1 });
  await new Deno.Command("mkfifo", { args: [FIFO] }).output();
  // A reader that stands still; open for both, so that nobody waits for the other.
  using _reader = await Deno.open(FIFO, { read: true, write: true });
  for (const [name, outputs] of Object.entries(OUTPUTS)) {
    await t.step(name, async () => {
      const port = freePort();
      const env = {
        MODEL,
        FIFO,
        CACHE_DIR: folder,
        PORT: String(port),
        CONTEXT: "16", // the least
        OTEL_DENO: "true",
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
        OTEL_BSP_SCHEDULE_DELAY: "50",
      };
      const child = command(env, [], { redirect: outputs }).spawn();
      let ended = false;
      child.status.then(() => ended = true);
      const url = `http://127.0.0.1:${port}`;
      await untilReady(url, () => ended);
      for (let i = 0; i < REQUESTS; i++) {
        const response = await fetch(`${url}/v1/models`, {
          signal: AbortSignal.timeout(30_000),
        });
        assertStringIncludes(await response.text(), "tiny");
      }
      const answer = await fetch(`${url}/v1/completions`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ model: "tiny", prompt: "a", max_tokens: 2 }),
      });
      assertStringIncludes(await answer.text(), '"completion_tokens":');
      child.kill("SIGTERM");
      assertEquals((await child.output()).code, 0);
    });
  }
  await Deno.remove(folder, { recursive: true });
});
