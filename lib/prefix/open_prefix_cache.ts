/**
 * Opens a prefix cache with the settings of the operator, as far as this machine allows.
 *
 * @module
 */

import { dirname } from "node:path";
import { PrefixCache, type PrefixCacheOptions } from "./prefix_cache.ts";
import { newCounters } from "./prefix_counters.ts";
import { BlockSealer } from "./store/block_sealer.ts";
import { DiskGuard } from "./store/disk_guard.ts";
import { GuardedStore } from "./store/guarded_store.ts";
import { Janitor } from "./store/janitor.ts";
import { isKvFile, openKvStore, requireKv } from "./store/kv_store.ts";
import { preflight } from "./store/preflight.ts";
import { measureRead } from "./store/read_cost.ts";
import { StoredBlocks } from "./store/stored_blocks.ts";

/** Share of the memory for blocks that wait to be written. */
const QUEUE_SHARE = 1 / 8;

/** Bytes of a block at most: a commit holds 800 KiB, keys and entry included. */
const BLOCK_BYTES = 770_000;

/** Tokens of a block at most; longer blocks would be found less often. */
const MOST_TOKENS = 16;

/** Tokens of a block at least; shorter ones would cost more than they save. */
const FEWEST_TOKENS = 8;

/** What the operator has set; plain data, so that it may be posted to a worker. */
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

/** What depends on the model, and the clock. */
export interface PrefixModel {
  /** Names all that can change a bit of a key or value. */
  fingerprint: string;
  /** Bytes of a token's keys and values. */
  bytesPerToken: number;
  /** Returns the milliseconds to compute tokens of a prompt. */
  computeMs: (tokens: number) => number;
  /** Returns the Unix time in milliseconds. */
  now: () => number;
}

/** A cache, and how it runs, in a few words. */
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
  const { tokens, storable } = blockSize(bytesPerToken);
  const counters = newCounters();
  const parts = {
    model: fingerprint,
    secret,
    blockTokens: tokens,
    blockBytes: tokens * bytesPerToken,
    memoryBytes: memoryBytes * (1 - QUEUE_SHARE),
    computeMs: computeMs(tokens),
    counters,
    now,
  };
  const blocks = `blocks of ${tokens} tokens`;
  if (settings.mode === "memory" || !storable) {
    return { cache: new PrefixCache(parts), about: `memory, ${blocks}` };
  }
  try {
    const { stored, aside, failure } = await openStored(settings, parts);
    const isSilent = counters.failures + counters.timeouts > 0;
    const reason = failure ? `: ${failure.message}` : "";
    return {
      cache: new PrefixCache({ ...parts, stored }),
      about: `kv, ${blocks}, ${readFrom(stored.fewest * tokens)}` +
        (aside ? `; a damaged file was renamed to ${aside}` : "") +
        (isSilent ? `; it does not answer yet${reason}` : ""),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      cache: new PrefixCache({ ...parts, storeFailure: reason }),
      about: `memory, ${blocks}; no kv: ${reason}`,
    };
  }
}

function readFrom(tokens: number): string {
  return tokens === Infinity
    ? "not read, as computing is faster"
    : `read from ${tokens} tokens on`;
}

/**
 * Returns the tokens of a block, a power of two, where a token takes `bytesPerToken`, and
 * whether a block fits one commit, so that it is stored whole or not at all.
 */
export function blockSize(
  bytesPerToken: number,
): { tokens: number; storable: boolean } {
  let tokens = MOST_TOKENS;
  while (tokens > FEWEST_TOKENS && tokens * bytesPerToken > BLOCK_BYTES) {
    tokens /= 2;
  }
  return { tokens, storable: tokens * bytesPerToken <= BLOCK_BYTES };
}

/** @throws {Error} if there is no KV, or the folder of a file cannot be written to. */
async function openStored(
  { kv, memoryBytes, storeBytes, secret }: PrefixSettings,
  { blockBytes, computeMs, counters, now }: PrefixCacheOptions & {
    now: () => number;
  },
) {
  requireKv();
  let disk: DiskGuard | undefined, aside: string | undefined;
  if (isKvFile(kv)) {
    aside = await preflight(kv, { now });
    disk = new DiskGuard(dirname(kv));
    await disk.addBallast();
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
