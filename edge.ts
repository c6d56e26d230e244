/**
 * The entry for hosts that listen by themselves, such as `deno serve edge.ts` and Deno
 * Deploy: the same service as `main.ts`, as a handler of requests.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { delay } from "@std/async/delay";
import { parseConfig } from "./lib/config/config.ts";
import { orExit, start, thisHost } from "./routes/start.ts";

/**
 * Seconds for running replies. Deno Deploy kills the process after five; what was
 * computed is stored in the others.
 */
const DRAIN_SECONDS = "3";

/** Milliseconds for the last events to be sent. */
const FLUSH_MS = 50;

/**
 * What differs on Deno Deploy: models are where `deno task build` has put them, and what
 * an instance writes to its disk is lost.
 */
const DEPLOYED = {
  CACHE_DIR: fileURLToPath(new URL(".cache", import.meta.url)),
  BACKEND: "cpu",
  PREFIX_CACHE: Deno.env.get("KV_URL") ? "kv" : "memory",
};

const { fetch, idle, load } = await orExit(() => {
  // The host may listen anywhere, so that a service without keys has to be meant.
  const HOST = "0.0.0.0";
  const given = Deno.env.toObject();
  const defaults = given.DENO_DEPLOY
    ? { DRAIN_SECONDS, ...DEPLOYED }
    : { DRAIN_SECONDS };
  const env = { ...defaults, ...given, HOST };
  return start(parseConfig(env, thisHost()), () => ({ shutdown }));
});

// The host listens once this module has been evaluated.
setTimeout(load);

/** Resolves once all replies have been sent; the host closes the connections. */
async function shutdown(): Promise<void> {
  await idle();
  await delay(FLUSH_MS);
}

export default { fetch } satisfies Deno.ServeDefaultExport;
