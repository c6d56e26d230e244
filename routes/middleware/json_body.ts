/**
 * What a body must be before anyone reads it: JSON by its label, and not too long.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ApiError } from "../../lib/engine/errors.ts";

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
 * Takes in the whole body, unless it is over 1 MiB, whether or not it says so.
 *
 * @throws {ApiError} 413 in the handler, or 400 if the client leaves half-way.
 */
export function wholeBody(): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new ApiError(
        413,
        `Cannot read the request: the body must have at most ${MAX_BODY_BYTES} bytes: received more`,
      );
    },
  });
  return async function wholeBody(c, next) {
    try {
      await limit(c, async () => void await c.req.text());
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError(
        400,
        "Cannot read the request: the body must arrive whole: received a part",
      );
    }
    await next();
  };
}
