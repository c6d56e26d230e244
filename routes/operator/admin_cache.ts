/**
 * `DELETE /admin/cache`: erases cached prompts and stored responses, for the operator
 * alone.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import { Hono } from "hono";
import { ApiError } from "../../lib/engine/errors.ts";
import type { PromptCache } from "../../lib/engine/generation.ts";
import type { Erasure } from "../../lib/prefix/prefix_cache.ts";
import { badRequest } from "../../lib/wire/bad_request.ts";
import { plainKey } from "../../lib/access/api_keys.ts";
import { apiKey } from "../middleware/api_key.ts";
import { methodNotAllowed } from "../failure.ts";

/** The SHA-256 of a caller's key. */
const CALLER = /^[0-9a-f]{64}$/;

/** A cache or a store of what callers have sent. */
export type Erasable = Pick<PromptCache, "erase">;

/** Milliseconds after which a cache counts as not erased. */
const MOST_MS = 1_000;

/**
 * Erases the blocks and responses in `caches` and their stores: those of the caller
 * whose key has the SHA-256 `?caller=`, in hex, or those of all callers. Other
 * instances keep what they have in memory until they need the room.
 *
 * Answers 503 if any store or model does not confirm it in time.
 */
export function adminCache(
  caches: readonly Erasable[],
  { adminKey }: { adminKey: string },
): Hono {
  return new Hono()
    .use(apiKey(() => [plainKey(adminKey)]))
    .delete("/cache", async (c) => {
      const caller = callerOf(c.req.queries());
      const erasures = await Promise.all(
        caches.map((cache) => erase(cache, caller)),
      );
      const blocks = erasures.reduce((sum, { blocks }) => sum + blocks, 0);
      const failed = erasures.find(({ failure }) => failure !== undefined);
      if (!failed) return c.json({ blocks });
      throw new ApiError(
        503,
        "Cannot erase all prompts: a store that confirms it is required: " +
          `received "${failed.failure}"; ${blocks} blocks elsewhere are erased`,
        { code: "cache_not_erased", headers: { "Retry-After": "30" } },
      );
    })
    .all("/cache", methodNotAllowed("DELETE"));
}

/** @throws {ApiError} unless the query is empty or names one caller. */
function callerOf(query: Record<string, string[]>): string | undefined {
  const { caller: callers, ...others } = query;
  // A misspelt name must not erase everything.
  for (const [name, [received]] of Object.entries(others)) {
    const must = "must not be given: caller is the only parameter";
    throw badRequest(name, { must, received });
  }
  if (callers === undefined) return undefined;
  const [caller] = callers;
  if (callers.length > 1 || !CALLER.test(caller)) {
    const must = "must be the SHA-256 of one key, in 64 hex digits";
    throw badRequest("caller", { must, received: callers.join() });
  }
  return caller;
}

async function erase(
  cache: Erasable,
  caller: string | undefined,
): Promise<Erasure> {
  try {
    return await deadline(cache.erase(caller), MOST_MS);
  } catch (error) {
    return { blocks: 0, failure: (error as Error).message };
  }
}
