/**
 * Reports each request when its response starts. The outcome of a stream is reported
 * at its end, in `generate.ts`.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";

/** A request and its answer, without what they say. */
export interface RequestRecord {
  requestId: string;
  method: string;
  /** Its beginning, if it is long. */
  path: string;
  status: number;
  /** Name of its key in the file of keys, if it is from there. */
  key?: string;
  /** Milliseconds until the answer, or the first event of a stream. */
  ms: number;
}

/** The most UTF-16 code units of a path in a record. */
const MOST_PATH = 256;

/** Called with each request. */
export type LogRequest = (record: RequestRecord) => void;

/** Reports to `log`; `clock` is in milliseconds and never goes back. */
export function requestLog(
  log: LogRequest,
  clock: () => number,
): MiddlewareHandler {
  return async function requestLog(c, next) {
    const before = clock();
    await next();
    log({
      requestId: c.get("requestId"),
      method: c.req.method,
      path: c.req.path.slice(0, MOST_PATH),
      status: c.res.status,
      ...c.get("keyName") && { key: c.get("keyName") },
      ms: clock() - before,
    });
  };
}
