/**
 * `GET /health`: what each model is doing, and how it runs here.
 *
 * @module
 */

import { Hono } from "hono";
import type { Engine } from "../lib/engine/generation.ts";
import { methodNotAllowed } from "./failure.ts";

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
