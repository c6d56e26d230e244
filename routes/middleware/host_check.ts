/**
 * Refuses requests whose Host header would move the path. A server builds `request.url`
 * by joining scheme, Host and target, so `Host: localhost/health?` would turn a
 * request for `/v1/models` into one for `/health`.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { ApiError } from "../../lib/engine/errors.ts";

/** A name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const AUTHORITY = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/**
 * Refuses a request unless its URL's authority is well-formed and equal to its Host.
 *
 * @throws {ApiError} 400 in the handler otherwise.
 */
export function hostCheck(): MiddlewareHandler {
  return async function hostCheck(c, next) {
    const { protocol, host: routed } = new URL(c.req.raw.url);
    const host = c.req.header("host") ?? routed;
    const named = AUTHORITY.test(host) && URL.parse(`${protocol}//${host}`);
    if (!named || named.host !== routed) {
      throw new ApiError(
        400,
        "Cannot route the request: Host must be a name and at most a port, and agree with the URL",
      );
    }
    await next();
  };
}
