/**
 * Asks for an API key, as `Authorization: Bearer …` or as `x-api-key`.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { ApiError } from "../../lib/engine/errors.ts";

/**
 * Refuses requests that carry none of `keys`, and notes the SHA-256 of that
 * one, in hex, as their `caller`.
 *
 * @throws {ApiError} 401 in the handler otherwise.
 */
export function apiKey(keys: readonly string[]): MiddlewareHandler {
  const known = keys.map(digest);
  return async function apiKey(c, next) {
    const bearer = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "");
    const key = bearer?.[1] ?? c.req.header("x-api-key");
    if (!key) throw unauthorized("the request has none");
    const given = digest(key);
    // Every key is compared, each in constant time.
    const matches = known.filter((digest) => timingSafeEqual(digest, given));
    if (matches.length === 0) throw unauthorized("the given one is unknown");
    c.set("caller", given.toHex());
    await next();
  };
}

/** Digests are all of one length, which {@linkcode timingSafeEqual} needs. */
function digest(key: string): Uint8Array {
  return createHash("sha256").update(key).digest();
}

function unauthorized(state: string): ApiError {
  return new ApiError(
    401,
    `Cannot serve the request: an API key is required: ${state}`,
    { code: "invalid_api_key", headers: { "WWW-Authenticate": "Bearer" } },
  );
}
