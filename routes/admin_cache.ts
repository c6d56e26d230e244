/**
 * `DELETE /admin/cache`: forgets prompts, for the operator alone.
 *
 * @module
 */

import { Hono } from "hono";
import type { PromptCache } from "../lib/engine/generation.ts";
import { badRequest } from "../lib/wire/openai/bad_request.ts";
import { apiKey } from "./api_key.ts";
import { methodNotAllowed } from "./failure.ts";

/** A caller, as the SHA-256 of his key. */
const CALLER = /^[0-9a-f]{64}$/;

/**
 * Erases what `caches` and their store hold: of the caller whose key has the SHA-256
 * `?caller=`, in hex, or of all. Other instances forget when they need the memory.
 */
export function adminCache(
  caches: readonly PromptCache[],
  { adminKey }: { adminKey: string },
): Hono {
  return new Hono()
    .use(apiKey([adminKey]))
    .delete("/cache", async (c) => {
      const caller = c.req.query("caller");
      if (caller !== undefined && !CALLER.test(caller)) {
        throw badRequest("caller", {
          must: "must be the SHA-256 of a key, in 64 hex digits",
          received: caller,
        });
      }
      const blocks = await Promise.all(
        caches.map((cache) => cache.erase(caller)),
      );
      return c.json({ blocks: blocks.reduce((sum, count) => sum + count, 0) });
    })
    .all("/cache", methodNotAllowed("DELETE"));
}
