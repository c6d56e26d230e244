/**
 * What a body must be before anyone reads it: JSON by its label, and not too long.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ApiError } from "../lib/errors.ts";

/** Far more text than any context here holds. */
const MAX_BODY_BYTES = 1_048_576;

/**
 * Refuses other content types, which a web page could send without a preflight.
 *
 * @throws {ApiError} 400 in the handler.
 */
export function jsonType(): MiddlewareHandler {
  return async function jsonType(c, next) {
    const received = c.req.header("content-type") ?? "nothing";
    if (!/^application\/json\s*(;|$)/i.test(received)) {
      throw new ApiError(
        400,
        `Cannot read the request: Content-Type must be application/json: received ${received}`,
      );
    }
    await next();
  };
}

/**
 * Refuses bodies over 1 MiB, whether or not they say their length.
 *
 * @throws {ApiError} 413 in the handler.
 */
export function jsonSize(): MiddlewareHandler {
  return bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new ApiError(
        413,
        `Cannot read the request: the body must have at most ${MAX_BODY_BYTES} bytes: received more`,
      );
    },
  });
}
