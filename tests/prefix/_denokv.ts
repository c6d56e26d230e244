/**
 * A real KV Connect server on a free port: `denokv`, where PATH has one.
 *
 * @module
 */

import { temporaryFolder } from "./_folder.ts";
import type { SharedKv } from "./_shared_kv.ts";

/** Tells whether there is a `denokv` to start. */
export async function hasDenokv(): Promise<boolean> {
  try {
    const help = new Deno.Command("denokv", { args: ["--help"] });
    return (await help.output()).success;
  } catch {
    return false;
  }
}

/** Starts one that opens to `token`; its database goes with its scope. */
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

/** Runs the command until it says where it listens. */
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
  let said = "";
  for await (const text of log.values({ preventCancel: true })) {
    said += text;
    const [, url] = said.match(/Listening on (http:\S+)/) ?? [];
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
  throw new Error(`denokv left with ${code} instead: ${said}`);
}
