/**
 * What a prefix cache has done so far, for metrics.
 *
 * @module
 */

const NONE = {
  /** Blocks found in memory. */
  memoryHits: 0,
  /** Blocks read from the store. */
  storeHits: 0,
  /** Blocks of prompts that were in neither. */
  misses: 0,
  /** Blocks written to the store. */
  written: 0,
  /** Blocks that were to be written, but were not. */
  dropped: 0,
  /** Records that were damaged, or another block's. */
  corrupt: 0,
  /** Calls of the store that took too long. */
  timeouts: 0,
  /** Calls of the store that failed. */
  failures: 0,
  /** Blocks that were evicted from memory. */
  memoryEvictions: 0,
  /** Blocks that were removed from the store for their age or for others. */
  storeEvictions: 0,
  /** Bytes in memory now. */
  memoryBytes: 0,
  /** Bytes in the store, as last counted. */
  storeBytes: 0,
};

/** Plain numbers; all but the bytes only ever grow. */
export type PrefixCounters = typeof NONE;

/** Returns counters that are zero. */
export function newCounters(): PrefixCounters {
  return { ...NONE };
}
