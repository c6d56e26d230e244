/**
 * The KV of the Compose file: `denokv` where PATH has it, started as its image starts
 * it, or else the one that tests have of their own.
 *
 * @module
 */

import { hasDenokv } from "../prefix/_denokv.ts";
import { startKvConnect } from "../prefix/_kv_connect.ts";
import { freePort, until } from "./_proxy.ts";

/** What opens the KV; the Compose file takes it from its user. */
export const KV_TOKEN = "twelve or more characters";

/** Starts a KV server, empty; leaving its scope ends it. */
export async function startKv(): Promise<AsyncDisposable & { url: string }> {
  return await hasDenokv() ? await startDenokv() : startKvConnect();
}

async function startDenokv() {
  const folder = await Deno.makeTempDir();
  const address = `127.0.0.1:${freePort()}`;
  const child = new Deno.Command("denokv", {
    args: entrypoint({
      "/data": folder,
      "0.0.0.0:4512": address,
    }),
    env: { DENO_KV_ACCESS_TOKEN: KV_TOKEN },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `http://${address}`;
  await until(async () => {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    return answer !== undefined;
  });
  async function stop(): Promise<void> {
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
  return { url, [Symbol.asyncDispose]: stop };
}

/** Reads the arguments off the image's file, with what is otherwise here. */
function entrypoint(here: Record<string, string>): string[] {
  const file = Deno.readTextFileSync(
    new URL("../../deploy/denokv.Dockerfile", import.meta.url),
  ).replaceAll("\\\n", "");
  const [, list] = /^ENTRYPOINT (\[.*\])$/m.exec(file)!;
  return (JSON.parse(list) as string[]).slice(1).map((arg) =>
    arg.replace(/\/data|0\.0\.0\.0:4512/, (it) => here[it])
  );
}
