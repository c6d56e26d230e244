/**
 * How many tokens share a block: as many as one commit of the store can hold, so that
 * a block is there as a whole or not at all.
 *
 * @module
 */

/** Bytes of a block: 800 KiB a commit, less its keys and its index record. */
const BLOCK_BYTES = 770_000;

/** Longer blocks would be hit less often. */
const MOST_TOKENS = 16;

/** Shorter blocks would be more overhead than content. */
const FEWEST_TOKENS = 8;

/** The size of a model's blocks. */
export interface BlockSize {
  /** Tokens a block; a power of two. */
  tokens: number;
  /** Whether a block fits one commit, and so may leave memory. */
  storable: boolean;
}

/** Gives the size of blocks whose tokens take `bytesPerToken` each. */
export function blockSize(bytesPerToken: number): BlockSize {
  let tokens = MOST_TOKENS;
  while (tokens > FEWEST_TOKENS && tokens * bytesPerToken > BLOCK_BYTES) {
    tokens /= 2;
  }
  return { tokens, storable: tokens * bytesPerToken <= BLOCK_BYTES };
}
