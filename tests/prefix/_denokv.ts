/**
 * A real KV Connect server on a free port: `denokv`, where PATH has one.
 *
 * @module
 */

import { temporaryFolder } from "./_folder.ts";
import type { SharedKv } from "./_shared_kv.ts";

/** Returns whether there is a `denokv` to start. */
export async function hasDenokv(): Promise<boolean> {
  try {
    const help = new Deno.Command("denokv", { args: ["--help"] });
    return (await help.output()).success;
  } catch {
    return false;
  }
}

/** Starts a server that requires `token`; leaving its scope removes its database. */
export async function startDenokv(token: string): Promise<SharedKv> {
  const folder = temporaryFolder();
  const database = `${folder.path}/kv.sqlite`;
  let running = await serve(database, { address: "127.0.0.1:0", token });
  const { url } = running;
  const { host } = new URL(url);
  return {
    url,
    stop: () => running.kill(),
    async start() {
      running = await serve(database, { address: host, token });
    },
    async [Symbol.asyncDispose]() {
      await running.kill();
      folder[Symbol.dispose]();
    },
  };
}

/** Runs the command until it prints its URL. */
async function serve(
  database: string,
  { address, token }: { address: string; token: string },
) {
  const child = new Deno.Command("denokv", {
    args: ["--sqlite-path", database, "serve", "--addr", address],
    env: { DENO_KV_ACCESS_TOKEN: token },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log = child.stderr.pipeThrough(new TextDecoderStream());
  let output = "";
  for await (const text of log.values({ preventCancel: true })) {
    output += text;
    const [, url] = output.match(/Listening on (http:\S+)/) ?? [];
    if (url === undefined) continue;
    return {
      url,
      async kill() {
        child.kill("SIGKILL");
        await child.status;
        await log.cancel();
      },
    };
  }
  const { code } = await child.status;
  throw new Error(`denokv left with ${code} instead: ${output}`);
}
