/**
 * What the cache found for the prompt of one request, and how the request keeps what it
 * computes.
 *
 * @module
 */

import type { KeptBlock } from "./block.ts";
import type { CacheHints } from "./cache_hints.ts";

/** Reads the keys and values of the block at `depth` out of a sequence. */
export type ReadBlock = (depth: number) => Promise<KeptBlock["kv"]>;

/** The result of a lookup; its blocks are valid until `prefilled` is called. */
export interface Lookup {
  /** Tokens of a block. */
  readonly blockTokens: number;
  /** The first blocks of the prompt, as many as were found. */
  readonly found: readonly KeptBlock[];
  /**
   * Keeps the whole blocks of a text that begins with the prompt, or nothing if the
   * caller's blocks were erased since the lookup.
   *
   * @param retention how long, if the request does not say.
   */
  keep(
    text: Int32Array,
    read: ReadBlock,
    retention?: CacheHints["retention"],
  ): Promise<void>;
  /** Releases the blocks; to be called when the prompt is in place, or never will be. */
  prefilled(): void;
}
