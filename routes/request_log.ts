/**
 * Tells of each request once it has an answer. A stream has one when it begins; how
 * its generation went is told at its end, in `generate.ts`.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";

/** A request and its answer, without what they say. */
export interface RequestRecord {
  requestId: string;
  method: string;
  path: string;
  status: number;
  /** Milliseconds until the answer, or the first event of a stream. */
  ms: number;
}

/** Hears of requests. */
export type LogRequest = (record: RequestRecord) => void;

/** Reports to `log`; `now` is in milliseconds. */
export function requestLog(
  log: LogRequest,
  now: () => number,
): MiddlewareHandler {
  return async function requestLog(c, next) {
    const before = now();
    await next();
    log({
      requestId: c.get("requestId"),
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: now() - before,
    });
  };
}
