/**
 * Allows web pages of other origins to call the server and read its responses.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/** Spelled out, as `*` does not cover requests with credentials. */
const EXPOSED_HEADERS = [
  "x-request-id",
  "request-id",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "openai-processing-ms",
  "x-ratelimit-limit-requests",
  "x-ratelimit-limit-tokens",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-remaining-tokens",
  "x-ratelimit-reset-requests",
  "x-ratelimit-reset-tokens",
];

const PREFLIGHT_SECONDS = 600;

/**
 * Answers preflights for the given origins, or for any without a list.
 *
 * The headers that a preflight asks for are granted as they are, since each client
 * library brings its own.
 */
export function crossOrigin(
  origins: readonly string[] | undefined,
): MiddlewareHandler {
  const answer = cors({
    origin: origins ? [...origins] : "*",
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
  });
  return async function crossOrigin(c, next) {
    const preflight = await answer(c, next);
    if (
      preflight?.headers.has("Access-Control-Allow-Origin") &&
      c.req.header("Access-Control-Request-Private-Network") === "true"
    ) preflight.headers.set("Access-Control-Allow-Private-Network", "true");
    return preflight;
  };
}
