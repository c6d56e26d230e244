/**
 * Places and records for stores that don't look into them.
 *
 * @module
 */

/** Names a place by a number. */
export function placeOf(index: number) {
  return { model: "m", space: "s", hash: `h${index}` };
}

/** Draws bytes, the same ones for a seed. */
export function randomBytes(
  length: number,
  seed = 1,
): Uint8Array<ArrayBuffer> {
  let state = seed + 1;
  return new Uint8Array(length).map(() => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 12345;
    return state >>> 16;
  });
}
