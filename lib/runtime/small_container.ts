/**
 * Whether memory is so short that it is worth time.
 *
 * @module
 */

import process from "node:process";

/** Bytes of a container below which it is small. */
const SMALL = 2 ** 30;

/** Returns whether this process is in a container with little memory in all. */
export function isSmall(): boolean {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < SMALL;
}
