import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { MODEL } from "../server/_client.ts";
import { type RunningServer, startServer } from "../server/_server.ts";

const CADDY = "/usr/bin/caddy";
const CONFIG = fileURLToPath(
  new URL("../../deploy/Caddyfile", import.meta.url),
);

/** Milliseconds that the proxy gives a sender of headers, and some to spare. */
const HEADER_MS = 10_000 + 5_000;

/** Whether there is a proxy; says so aloud if there is none. */
function hasProxy(): boolean {
  try {
    return Deno.statSync(CADDY).isFile;
  } catch {
    console.log(`No ${CADDY} here: the proxy's test is skipped.`);
    return false;
  }
}

/** Gives a port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Starts the proxy of the Compose file before servers, on a port of its own. */
async function startProxy(servers: RunningServer[]) {
  const port = freePort();
  const child = new Deno.Command(CADDY, {
    args: ["run", "--adapter", "caddyfile", "--config", CONFIG],
    env: {
      PORT: String(port),
      SERVERS: servers.map(({ url }) => new URL(url).host).join(" "),
    },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    const answer = await fetch(`${url}/ready`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok === true;
  });
  async function stop(): Promise<void> {
    child.kill("SIGKILL");
    await child.status;
  }
  return { url, port, [Symbol.asyncDispose]: stop };
}

/** Waits until `done` holds, and fails if that takes long. */
async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !await done(); tries++) {
    assert(tries < 400, "nothing happened in 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Streams a long text; gives the time and the text of each part that came. */
async function stream(url: string, max_tokens: number) {
  const parts: { at: number; text: string }[] = [];
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model: MODEL,
      prompt: "1, 2, 3,",
      temperature: 0,
      max_tokens,
      stream: true,
      draft: "none",
    }),
  });
  const text = response.body!.pipeThrough(new TextDecoderStream());
  for await (const part of text) {
    parts.push({ at: performance.now(), text: part });
  }
  return parts;
}

/** Tells whether a server has a request at work. */
async function isAtWork({ url }: RunningServer): Promise<boolean> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return /^vllm:num_requests_running\S* 1$/m.test(text);
}

/** Sends a part of a header; gives the milliseconds until it is thrown out. */
async function dawdle(port: number): Promise<number> {
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const before = performance.now();
  await socket.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a"));
  while (await socket.read(new Uint8Array(1024)) !== null);
  return performance.now() - before;
}

Deno.test({
  name: "two servers behind the proxy: a killed one takes only its own streams",
  ignore: !hasProxy(),
  async fn() {
    await using one = await startServer({ CONTEXT: "1024" });
    await using other = await startServer({ CONTEXT: "1024" });
    await using proxy = await startProxy([one, other]);
    const slow = dawdle(proxy.port);

    const streams = [stream(proxy.url, 150), stream(proxy.url, 150)];
    const settled = Promise.allSettled(streams);
    await until(async () => await isAtWork(one) && await isAtWork(other));
    await one.stop("SIGKILL");
    const ended = (await settled).map((result) =>
      result.status === "fulfilled" &&
      result.value.at(-1)?.text.endsWith("data: [DONE]\n\n") === true
    );
    assertEquals(ended.toSorted(), [false, true]);

    const parts = await stream(proxy.url, 24);
    assert(parts.length > 5, `${parts.length} parts: they must not be held`);
    assert(parts.at(-1)!.at - parts[0].at > 50);
    const metrics = await fetch(`${proxy.url}/metrics`);
    await metrics.body?.cancel();
    assertEquals(metrics.status, 404);
    assert(await slow < HEADER_MS);
  },
});
