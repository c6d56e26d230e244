/**
 * The memory of this machine, or of the container: how much is free, and whether it is so
 * short that saving some is worth time.
 *
 * @module
 */

import process from "node:process";

/** Bytes of a container below which it is small. */
const SMALL = 2 ** 30;

/** Returns the bytes that this process may still take, in a container or not. */
export function freeMemory(): number {
  const limit = process.constrainedMemory() || Infinity;
  const left = Math.max(0, limit - process.memoryUsage.rss());
  return Math.min(left, process.availableMemory());
}

/** Returns whether this process is in a container with little memory in all. */
export function isSmallContainer(): boolean {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < SMALL;
}
