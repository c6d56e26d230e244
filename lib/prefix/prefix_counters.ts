/**
 * What the cache has done so far, for whoever shows it.
 *
 * @module
 */

/** Plain numbers; all but the bytes only ever grow. */
export interface PrefixCounters {
  /** Blocks found in memory. */
  memoryHits: number;
  /** Blocks read from the store. */
  storeHits: number;
  /** Blocks of prompts that were in neither. */
  misses: number;
  /** Blocks written to the store. */
  written: number;
  /** Blocks that were to be written, but were not. */
  dropped: number;
  /** Records that were not what they should be. */
  corrupt: number;
  /** Calls of the store that took too long. */
  timeouts: number;
  /** Calls of the store that failed. */
  failures: number;
  /** Blocks that left memory for others. */
  memoryEvictions: number;
  /** Blocks that left the store by age or for others. */
  storeEvictions: number;
  /** Bytes in memory now. */
  memoryBytes: number;
  /** Bytes in the store, as last counted. */
  storeBytes: number;
}

/** Starts at nothing. */
export function newCounters(): PrefixCounters {
  return {
    memoryHits: 0,
    storeHits: 0,
    misses: 0,
    written: 0,
    dropped: 0,
    corrupt: 0,
    timeouts: 0,
    failures: 0,
    memoryEvictions: 0,
    storeEvictions: 0,
    memoryBytes: 0,
    storeBytes: 0,
  };
}
