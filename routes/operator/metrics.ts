/**
 * `GET /metrics`: counts and times for Prometheus.
 *
 * @module
 */

import { Hono } from "hono";
import type { LateMetrics } from "../../lib/observe/late_metrics.ts";
import { methodNotAllowed } from "../failure.ts";

/** Serves what `counts` has counted. */
export function metrics(counts: Pick<LateMetrics, "report">): Hono {
  return new Hono()
    .get("/metrics", async (c) => {
      const { text, contentType } = await counts.report();
      return c.body(text, 200, { "Content-Type": contentType });
    })
    .all("/metrics", methodNotAllowed("GET"));
}
