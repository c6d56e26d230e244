/**
 * `GET /live` and `GET /ready`: what an orchestrator asks, in two words. Models are
 * open before the server listens, so it is ready until it shuts down.
 *
 * @module
 */

import { Hono } from "hono";
import type { Shutdown } from "../lib/engine/shutdown.ts";
import { methodNotAllowed } from "./failure.ts";

/** Says whether the process works, and whether it wants more work. */
export function probes(shutdown: Shutdown): Hono {
  return new Hono()
    .get("/live", (c) => c.json({ status: "ok" }))
    .all("/live", methodNotAllowed("GET"))
    .get(
      "/ready",
      (c) =>
        shutdown.begun
          ? c.json({ status: "shutting down" }, 503)
          : c.json({ status: "ok" }),
    )
    .all("/ready", methodNotAllowed("GET"));
}
