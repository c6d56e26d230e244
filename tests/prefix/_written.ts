/**
 * The blocks that a writer writes, each known by its number.
 *
 * @module
 */

import { placeOf } from "./_records.ts";

/** What they are sealed with. */
export const SECRET = new Uint8Array(32).fill(9);

/** Numbers of a block: as many as SmolLM2's have. */
const NUMBERS = 16 * 11_520;

/** Makes the block of that number. */
export function blockOf(index: number) {
  return {
    place: placeOf(index),
    block: {
      tokens: Int32Array.of(index),
      kv: new Float32Array(NUMBERS).fill(index),
    },
  };
}
