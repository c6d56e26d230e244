/**
 * `GET /live` and `GET /ready`: whether the process works, and whether it can serve
 * requests now.
 *
 * @module
 */

import { Hono } from "hono";
import type { Engine } from "../lib/engine/generation.ts";
import type { Shutdown } from "../lib/engine/shutdown.ts";
import { methodNotAllowed } from "./failure.ts";

/** Answers orchestrators: a server is ready while all models run and it is not shutting down. */
export function probes(
  engines: readonly Engine[],
  shutdown: Pick<Shutdown, "begun">,
): Hono {
  return new Hono()
    .get("/live", (c) => c.json({ status: "ok" }))
    .all("/live", methodNotAllowed("GET"))
    .get("/ready", (c) => {
      if (shutdown.begun) return c.json({ status: "shutting down" }, 503);
      const waiting = engines.find(({ state }) => state !== "ready");
      return waiting
        ? c.json({ status: `a model is ${waiting.state}` }, 503)
        : c.json({ status: "ok" });
    })
    .all("/ready", methodNotAllowed("GET"));
}
