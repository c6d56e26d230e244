/**
 * Places, and records of random bytes.
 *
 * @module
 */

/** Returns the place with a number. */
export function placeOf(index: number) {
  return { model: "m", space: "s", hash: `h${index}` };
}

/** Returns random bytes, always the same for a seed. */
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
