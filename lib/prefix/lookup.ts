/**
 * One request's view of the cache: the blocks that were found for its prompt, and where
 * to keep those that it computes.
 *
 * @module
 */

import type { Block } from "./block.ts";

/** Reads the keys and values of the block of that number out of a sequence. */
export type ReadBlock = (depth: number) => Promise<Block["kv"]>;

/** What was found for a prompt; the blocks are valid until `prefilled` is called. */
export interface Lookup {
  /** Tokens a block. */
  readonly blockTokens: number;
  /** The first blocks of the prompt, as many as were found. */
  readonly found: readonly Block[];
  /**
   * Keeps the whole blocks of a text that begins with the prompt; does nothing if the
   * caller's blocks were erased since the lookup.
   */
  keep(text: Int32Array, read: ReadBlock): Promise<void>;
  /** Releases what was found; call it when the prompt is in place, or never will be. */
  prefilled(): void;
}
