/**
 * The proxy of the Compose file, before servers of a test.
 *
 * @module
 */

import { assert } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { RunningServer } from "../server/_server.ts";

const CADDY = "/usr/bin/caddy";
const CONFIG = fileURLToPath(
  new URL("../../deploy/Caddyfile", import.meta.url),
);

/** Whether there is a proxy; says so aloud if there is none. */
export function hasProxy(): boolean {
  try {
    return Deno.statSync(CADDY).isFile;
  } catch {
    console.log(`No ${CADDY} here: tests of the proxy are skipped.`);
    return false;
  }
}

/** Starts the proxy before servers, on a port of its own. */
export async function startProxy(servers: RunningServer[]) {
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

/** Returns a port that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits until `done` holds, and fails if that takes long. */
export async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !await done(); tries++) {
    assert(tries < 400, "nothing happened in 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
