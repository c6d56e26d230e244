/**
 * The blocks of the writer, each recognizable by its number.
 *
 * @module
 */

import { placeOf } from "./_records.ts";

/** The secret that seals them. */
export const SECRET = new Uint8Array(32).fill(9);

/** Numbers in a block, as many as in SmolLM2's. */
const NUMBERS = 16 * 11_520;

/** Returns the block with a number. */
export function blockOf(index: number) {
  return {
    place: placeOf(index),
    block: {
      tokens: Int32Array.of(index),
      kv: new Float32Array(NUMBERS).fill(index),
    },
  };
}
