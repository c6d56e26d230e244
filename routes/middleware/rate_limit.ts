/**
 * Limits the requests and the tokens of a caller by the minute, with OpenAI's headers.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import type { Admission, Level, Limits } from "../../lib/access/buckets.ts";
import type { RateLimiter } from "../../lib/access/rate_limiter.ts";
import { ApiError } from "../../lib/engine/errors.ts";
import type { Usage } from "../../lib/engine/output_counter.ts";

/** The routes that have the model compute an answer, and so are limited. */
export const LIMITED = [
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/decisions",
  "/v1/embeddings",
  "/v1/messages",
  "/v1/responses",
  "/api/chat",
  "/api/generate",
];

/** Takes the tokens of a request from its caller's limit; to be called at its end. */
export type Spend = (usage: Partial<Usage> | undefined) => void;

/**
 * Admits requests by the limits of their key, or by `limits` where no key is required.
 * What `spend` is told when a request ends counts for those after it.
 *
 * @throws {ApiError} 429 in the handler.
 */
export function rateLimit(
  limiter: RateLimiter,
  limits: Limits,
): MiddlewareHandler {
  return async function rateLimit(c, next) {
    const caller: string = c.get("caller") ?? "";
    const own: Limits = c.get("limits") ?? limits;
    if (own.requests === undefined && own.tokens === undefined) {
      return await next();
    }
    const { levels, refused } = await limiter.admit(caller, own);
    for (const level of levels) {
      for (const [name, value] of headersOf(level)) c.header(name, value);
    }
    if (refused) throw tooMany(refused);
    const spend: Spend = (usage) => {
      const { promptTokens = 0, completionTokens = 0 } = usage ?? {};
      void limiter.charge(caller, own, promptTokens + completionTokens);
    };
    c.set("spend", spend);
    await next();
  };
}

function headersOf(
  { kind, limit, remaining, resetMs }: Level,
): [name: string, value: string][] {
  return [
    [`x-ratelimit-limit-${kind}`, String(limit)],
    [`x-ratelimit-remaining-${kind}`, String(remaining)],
    [`x-ratelimit-reset-${kind}`, duration(resetMs)],
  ];
}

/** Writes a time as OpenAI does: `12ms`, `1.5s`, `6m0s`, `1h0m0s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}h` : ""}${minutes % 60}m${seconds}`;
}

function tooMany(
  { kind, limit, waitMs }: NonNullable<Admission["refused"]>,
): ApiError {
  return new ApiError(
    429,
    `Cannot serve the request: its key may take ${limit} ${kind} a minute: ` +
      `received more; try again in ${duration(waitMs)}`,
    {
      code: "rate_limit_exceeded",
      headers: {
        "Retry-After": String(Math.ceil(waitMs / 1000)),
        "retry-after-ms": String(waitMs),
      },
    },
  );
}
