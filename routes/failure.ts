/**
 * Turns whatever was thrown into what a client may know. Only here.
 *
 * @module
 */

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ApiError } from "../lib/engine/errors.ts";
import * as anthropic from "../lib/wire/anthropic/error_body.ts";
import * as ollama from "../lib/wire/ollama/replies.ts";

/** Called with failures whose details are not sent to clients. */
export type LogFailure = (
  error: unknown,
  context: { requestId: string },
) => void;

/** Keeps an {@linkcode ApiError}; hands anything else to `log`, for a neutral one. */
export function toApiError(
  error: unknown,
  { requestId, log }: { requestId: string; log: LogFailure },
): ApiError {
  if (error instanceof ApiError) return error;
  log(error, { requestId });
  return new ApiError(
    500,
    "Cannot serve the request: the server failed, and its log says why",
  );
}

/** Answers with the error body of the API that the path belongs to. */
export function failure(c: Context, error: ApiError): Response {
  const status = error.status as ContentfulStatusCode;
  return c.json(toBody(c, error), status, error.headers);
}

function toBody(c: Context, error: ApiError): object {
  const { path } = c.req;
  if (/^\/v1\/messages(\/|$)/.test(path)) {
    return anthropic.toErrorBody(error, c.get("requestId"));
  }
  if (/^\/api(\/|$)/.test(path)) return ollama.toErrorBody(error);
  return error.toJSON();
}

/** Answers a known path that was asked with another method. */
export function methodNotAllowed(
  allow: string,
): (c: Context) => Response {
  return function methodNotAllowed(c) {
    const { method, path } = c.req;
    return failure(
      c,
      new ApiError(
        405,
        `Cannot serve ${path}: the method must be ${allow}: received ${method}`,
        { code: "method_not_allowed", headers: { Allow: allow } },
      ),
    );
  };
}

/** Answers a path that leads nowhere. */
export function notFound(c: Context): Response {
  return failure(
    c,
    new ApiError(
      404,
      `Cannot find ${c.req.path}: the path must be one of this server's`,
      { code: "unknown_url" },
    ),
  );
}
