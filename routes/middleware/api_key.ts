/**
 * Asks for an API key, as `Authorization: Bearer …` or as `x-api-key`.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import {
  callerOf,
  findKey,
  type KeySource,
} from "../../lib/access/api_keys.ts";
import { ApiError } from "../../lib/engine/errors.ts";

/**
 * Refuses requests that carry none of the keys. Of the others it notes the SHA-256 of the
 * key, in hex, as their `caller`, and also its `keyName` and its `limits`.
 *
 * @throws {ApiError} 401 in the handler otherwise.
 */
export function apiKey(keys: KeySource): MiddlewareHandler {
  return async function apiKey(c, next) {
    const bearer = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "");
    const given = bearer?.[1] ?? c.req.header("x-api-key");
    if (!given) throw unauthorized("the request has none");
    const key = findKey(await keys(), given);
    if (!key) throw unauthorized("the given one is unknown");
    c.set("caller", callerOf(key));
    c.set("keyName", key.name);
    c.set("limits", key.limits);
    await next();
  };
}

function unauthorized(state: string): ApiError {
  return new ApiError(
    401,
    `Cannot serve the request: an API key is required: ${state}`,
    { code: "invalid_api_key", headers: { "WWW-Authenticate": "Bearer" } },
  );
}
