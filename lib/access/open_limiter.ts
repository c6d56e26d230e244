/**
 * Opens what limits callers: in the KV that several servers share, if there is one, else
 * in memory.
 *
 * @module
 */

import type { PrefixSettings } from "../prefix/open_prefix_cache.ts";
import { newCounters } from "../prefix/prefix_counters.ts";
import { GuardedStore } from "../prefix/store/guarded_store.ts";
import { openKvValues } from "../prefix/store/kv_store.ts";
import { RateLimiter } from "./rate_limiter.ts";
import { SharedBuckets } from "./shared_buckets.ts";

/** What a limiter needs from outside. */
export interface OpenLimiterOptions {
  /** Called with the first failure of the store. */
  onFailure: (error: unknown) => void;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** Opens a limiter. It connects to a KV with its first use. */
export function openLimiter(
  { mode, kv }: Pick<PrefixSettings, "mode" | "kv">,
  secret: Promise<Uint8Array<ArrayBuffer>>,
  { onFailure, now }: OpenLimiterOptions,
): RateLimiter {
  if (mode !== "kv" || !/^https?:/.test(kv)) return new RateLimiter({ now });
  const store = new GuardedStore({
    connect: () => openKvValues(kv),
    counters: newCounters(),
    now: () => performance.now(),
  });
  store.onFailure = (error) => {
    store.onFailure = undefined;
    onFailure(error);
  };
  return new RateLimiter({ store: new SharedBuckets({ store, secret }), now });
}
