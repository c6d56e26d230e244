/**
 * `GET /live`, `/ready` and `/health`: whether the process works, whether it can serve
 * requests now, and what each model is doing.
 *
 * @module
 */

import { Hono } from "hono";
import type { ServedModel } from "../../lib/engine/generation.ts";
import type { Shutdown } from "../../lib/engine/shutdown.ts";
import { methodNotAllowed } from "../failure.ts";

/**
 * Reports on `models` and opens none of them. The status is 503 unless each is ready, or
 * asleep. How a model runs is known once it has been open.
 */
export function health(models: readonly ServedModel[]): Hono {
  return new Hono()
    .get("/health", (c) => {
      const status = models.every(canServe) ? "ok" : "unavailable";
      const list = models.map(({ id, state, info }) => ({
        id,
        state,
        ...info && {
          backend: info.backend,
          weights: info.weights,
          threads: info.threads,
          context: info.context,
          exact: info.exact,
          sequences_per_pass: info.sequencesPerPass,
          fingerprint: info.fingerprint,
        },
      }));
      return c.json({ status, models: list }, status === "ok" ? 200 : 503);
    })
    .all("/health", methodNotAllowed("GET"));
}

/** Returns whether a model can serve a request soon: a request opens one that is asleep. */
function canServe({ state }: ServedModel): boolean {
  return state === "ready" || state === "asleep";
}

/**
 * Answers orchestrators: a server is ready while each of its models is ready or asleep,
 * and it is not shutting down. No model is opened.
 */
export function probes(
  models: readonly ServedModel[],
  shutdown: Pick<Shutdown, "begun">,
): Hono {
  return new Hono()
    .get("/live", (c) => c.json({ status: "ok" }))
    .all("/live", methodNotAllowed("GET"))
    .get("/ready", (c) => {
      if (shutdown.begun) return c.json({ status: "shutting down" }, 503);
      const waiting = models.find((model) => !canServe(model));
      return waiting
        ? c.json({ status: `a model is ${waiting.state}` }, 503)
        : c.json({ status: "ok" });
    })
    .all("/ready", methodNotAllowed("GET"));
}
