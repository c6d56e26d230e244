/**
 * One request's dealings with the cache: the blocks that it found, and those that it
 * leaves behind.
 *
 * @module
 */

import type { Block } from "./block.ts";

/** Reads the keys and values of the block of that number out of a sequence. */
export type ReadBlock = (depth: number) => Promise<Block["kv"]>;

/** What a sequence has to say to the cache. */
export interface Visit {
  /** Tokens a block. */
  readonly blockTokens: number;
  /** The first blocks of the prompt, as many as were found. */
  readonly found: readonly Block[];
  /** Offers the whole blocks of a text that begins with the prompt. */
  keep(text: Int32Array, read: ReadBlock): Promise<void>;
  /** Says that the prompt is in place, or never will be. */
  prefilled(): void;
}
