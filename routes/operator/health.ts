/**
 * `GET /live`, `/ready` and `/health`: whether the process works, whether it can serve
 * requests now, and what each model is doing.
 *
 * @module
 */

import { Hono } from "hono";
import type { Engine } from "../../lib/engine/generation.ts";
import type { Shutdown } from "../../lib/engine/shutdown.ts";
import { methodNotAllowed } from "../failure.ts";

/** Reports on `engines`; the status is 503 unless all of them are ready. */
export function health(engines: readonly Engine[]): Hono {
  return new Hono()
    .get("/health", (c) => {
      const ready = engines.every(({ state }) => state === "ready");
      const models = engines.map(({ info, state }) => ({
        id: info.id,
        state,
        backend: info.backend,
        weights: info.weights,
        threads: info.threads,
        context: info.context,
        exact: info.exact,
        sequences_per_pass: info.sequencesPerPass,
        fingerprint: info.fingerprint,
      }));
      const status = ready ? "ok" : "unavailable";
      return c.json({ status, models }, ready ? 200 : 503);
    })
    .all("/health", methodNotAllowed("GET"));
}

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
