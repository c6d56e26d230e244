/**
 * Joins a prefix cache from its parts, as the operator wants it and as this machine
 * lets it.
 *
 * @module
 */

import { dirname } from "node:path";
import { BlockSealer } from "./store/block_sealer.ts";
import { blockSize } from "./block_size.ts";
import { DiskGuard } from "./store/disk_guard.ts";
import { GuardedStore } from "./store/guarded_store.ts";
import { Janitor } from "./store/janitor.ts";
import { isKvFile, openKvStore } from "./store/kv_store.ts";
import { measureRead } from "./store/measure_read.ts";
import { preflight } from "./store/preflight.ts";
import { PrefixCache } from "./prefix_cache.ts";
import { newCounters, type PrefixCounters } from "./prefix_counters.ts";
import { StoredBlocks } from "./store/stored_blocks.ts";

/** Part of the memory that blocks may take while they wait to be written. */
const QUEUE_SHARE = 1 / 8;

/** What the operator has set; plain data, so that it may cross to a worker. */
export interface PrefixSettings {
  mode: "kv" | "memory" | "off";
  /** Path of a SQLite file, or http(s) URL of a KV Connect server. */
  kv: string;
  /** The most bytes of keys and values in memory. */
  memoryBytes: number;
  /** The most bytes in the store. */
  storeBytes: number;
  /** 32 bytes. */
  secret: Uint8Array<ArrayBuffer>;
}

/** What the model says. */
export interface PrefixModel {
  /** Names all that can change a bit of a key or value. */
  fingerprint: string;
  /** Bytes of a token's keys and values. */
  bytesPerToken: number;
  /** Milliseconds to compute tokens of a prompt. */
  computeMs: (tokens: number) => number;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** A cache, and a line that says how it runs. */
export interface OpenedPrefixCache {
  cache: PrefixCache;
  about: string;
}

/** Opens a cache; without a store that works, it is one in memory. */
export async function openPrefixCache(
  settings: PrefixSettings,
  { fingerprint, bytesPerToken, computeMs, now }: PrefixModel,
): Promise<OpenedPrefixCache> {
  const { secret, memoryBytes } = settings;
  const size = blockSize(bytesPerToken);
  const counters = newCounters();
  const parts = {
    model: fingerprint,
    secret,
    blockTokens: size.tokens,
    blockBytes: size.tokens * bytesPerToken,
    memoryBytes: memoryBytes * (1 - QUEUE_SHARE),
    computeMs: computeMs(size.tokens),
    counters,
    now,
  };
  const blocks = `blocks of ${size.tokens} tokens`;
  if (settings.mode === "memory" || !size.storable) {
    return { cache: new PrefixCache(parts), about: `memory, ${blocks}` };
  }
  try {
    const { stored, aside, failure } = await openStored(settings, parts);
    const from = stored.fewest * size.tokens;
    const silent = counters.failures + counters.timeouts > 0;
    const reason = failure ? `: ${failure.message}` : "";
    return {
      cache: new PrefixCache({ ...parts, stored }),
      about: `kv, ${blocks}, read from ${from} tokens on` +
        (aside ? `; a damaged file is put aside as ${aside}` : "") +
        (silent ? `; it does not answer yet${reason}` : ""),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    return {
      cache: new PrefixCache({ ...parts, storeFailure: String(reason) }),
      about: `memory, ${blocks}; no kv: ${reason}`,
    };
  }
}

/** @throws {Error} if there is no place for a file. */
async function openStored(
  { kv, memoryBytes, storeBytes, secret }: PrefixSettings,
  { blockBytes, computeMs, counters, now }: {
    blockBytes: number;
    computeMs: number;
    counters: PrefixCounters;
    now: () => number;
  },
): Promise<
  {
    stored: StoredBlocks;
    aside?: string | undefined;
    failure?: Error | undefined;
  }
> {
  let disk: DiskGuard | undefined, aside: string | undefined;
  if (isKvFile(kv)) {
    aside = await preflight(kv, { now });
    disk = new DiskGuard(dirname(kv));
    await disk.load();
  }
  const store = new GuardedStore({
    connect: () => openKvStore(kv),
    counters,
    now: () => performance.now(),
  });
  let failure: Error | undefined;
  store.onFailure = (error) => failure = error as Error;
  const janitor = new Janitor({
    store,
    counters,
    capBytes: storeBytes,
    owner: crypto.randomUUID(),
    now,
  });
  const sealer = new BlockSealer(secret);
  const read = await measureRead(store, { sealer, blockBytes, disk, now });
  const stored = new StoredBlocks({
    store,
    sealer,
    janitor,
    counters,
    disk,
    read,
    computeMs,
    queueBytes: memoryBytes * QUEUE_SHARE,
    now,
  });
  await janitor.sweep();
  janitor.start();
  return { stored, aside, failure };
}
