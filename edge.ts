/**
 * The entry for hosts that listen by themselves, such as `deno serve edge.ts` and Deno
 * Deploy: the same service as `main.ts`, as a handler of requests.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { parseConfig } from "./lib/config/config.ts";
import { orExit, start, thisHost } from "./routes/start.ts";

/** Seconds for running replies; Deno Deploy kills the process after five. */
const DRAIN_SECONDS = "4";

/** Milliseconds for the last events to be sent. */
const FLUSH_MS = 50;

const { fetch, idle, load } = await orExit(() => {
  // The host may listen anywhere, so that a service without keys has to be meant.
  const HOST = "0.0.0.0";
  const env = { DRAIN_SECONDS, ...Deno.env.toObject(), HOST };
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
