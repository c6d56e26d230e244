/**
 * A KV server for several instances: `denokv` where PATH has it, or the one in memory.
 *
 * @module
 */

import { hasDenokv, startDenokv } from "./_denokv.ts";
import { startKvConnect } from "./_kv_connect.ts";

/** The access token of the server. */
export const TOKEN = "twelve or more characters";

/** A server; leaving its scope stops it. */
export interface SharedKv extends AsyncDisposable {
  url: string;
  /** Stops serving at once. */
  stop(): Promise<void>;
  /** Serves again, at the same URL, what was acknowledged. */
  start(): Promise<void>;
}

/** Starts a server, and prints of which kind. */
export async function startSharedKv(): Promise<SharedKv> {
  const real = await hasDenokv();
  console.log(real ? "KV: denokv" : "KV: in memory, as PATH has no denokv");
  return real ? await startDenokv(TOKEN) : startInMemory();
}

function startInMemory(): SharedKv {
  const server = startKvConnect({ token: TOKEN });
  const become = (health: typeof server.health) => {
    server.health = health;
    return Promise.resolve();
  };
  return {
    url: server.url,
    stop: () => become("unavailable"),
    start: () => become("well"),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
