/**
 * `GET /health`: that the server is up, and how each model runs here.
 *
 * @module
 */

import { Hono } from "hono";
import type { Engine } from "../lib/engine/generation.ts";
import { methodNotAllowed } from "./failure.ts";

/** Reports on `engines`. */
export function health(engines: readonly Engine[]): Hono {
  return new Hono()
    .get("/health", (c) => {
      const models = engines.map(({ info }) => ({
        id: info.id,
        backend: info.backend,
        weights: info.weights,
        threads: info.threads,
        context: info.context,
        exact: info.exact,
        fingerprint: info.fingerprint,
      }));
      return c.json({ status: "ok", models });
    })
    .all("/health", methodNotAllowed("GET"));
}
