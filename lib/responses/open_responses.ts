/**
 * Opens what keeps responses, beside the cache of prompts: in the same kind of place, but
 * in a file of its own or under keys of their own.
 *
 * @module
 */

import { dirname } from "node:path";
import type { PrefixSettings } from "../prefix/open_prefix_cache.ts";
import { newCounters } from "../prefix/prefix_counters.ts";
import { DiskGuard } from "../prefix/store/disk_guard.ts";
import { GuardedStore } from "../prefix/store/guarded_store.ts";
import { Janitor } from "../prefix/store/janitor.ts";
import { isKvFile, openKvStore, requireKv } from "../prefix/store/kv_store.ts";
import { preflight } from "../prefix/store/preflight.ts";
import { KvResponses } from "./kv_responses.ts";

/** The most bytes of all responses; the oldest make room. */
const MOST_BYTES = 64 << 20;

/** What depends on the server. */
export interface OpenResponsesOptions {
  /** Milliseconds that a response is kept. */
  lifeMs: number;
  /** Called with the first failure of the store. */
  onFailure: (error: unknown) => void;
  /**
   * Called with the first response that the disk has no room for, and with the first
   * one that it has room for again.
   */
  onFull: (isFull: boolean) => void;
  /** Unix time in milliseconds. */
  now: () => number;
}

/**
 * Opens a store, which connects with its first use, or after a minute to remove what is
 * too old. Where prompts are not kept in Deno KV, responses are kept in memory.
 */
export function openResponses(
  settings: Promise<Pick<PrefixSettings, "mode" | "kv" | "secret">>,
  { lifeMs, onFailure, onFull, now }: OpenResponsesOptions,
): KvResponses {
  const counters = newCounters();
  let disk: DiskGuard | undefined;
  let isFull = false;

  function hasRoom(): boolean {
    const wasFull = isFull;
    isFull = disk?.hasRoom() === false;
    if (isFull !== wasFull) onFull(isFull);
    return !isFull;
  }
  async function connect() {
    requireKv();
    const where = placeOf(await settings);
    if (isKvFile(where)) {
      await preflight(where, { now });
      disk = new DiskGuard(dirname(where));
    }
    return await openKvStore(where, ["responses"]);
  }
  const store = new GuardedStore({
    connect,
    counters,
    now: () => performance.now(),
  });
  store.onFailure = (error) => {
    store.onFailure = undefined;
    onFailure(error);
  };
  const janitor = new Janitor({
    store,
    counters,
    capBytes: MOST_BYTES,
    lifetimes: { idleMs: lifeMs, ageMs: lifeMs },
    owner: crypto.randomUUID(),
    now,
  });
  janitor.start();
  return new KvResponses({
    store,
    janitor,
    secret: settings.then(({ secret }) => secret),
    lifeMs,
    hasRoom,
    now,
  });
}

function placeOf(
  { mode, kv }: Pick<PrefixSettings, "mode" | "kv">,
): string {
  if (mode !== "kv") return ":memory:";
  return isKvFile(kv) ? `${dirname(kv)}/responses.sqlite` : kv;
}
