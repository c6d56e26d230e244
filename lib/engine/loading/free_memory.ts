/**
 * The memory of this machine, or of the container.
 *
 * @module
 */

import process from "node:process";

/** Bytes below which threads without work are ended, which have to start again then. */
const SMALL = 2 ** 30;

/** Returns the bytes that this process may still take, in a container or not. */
export function freeMemory(): number {
  const limit = process.constrainedMemory() || Infinity;
  const left = Math.max(0, limit - process.memoryUsage.rss());
  return Math.min(left, process.availableMemory());
}

/** Returns whether this process, in its container, may take little memory in all. */
export function isSmall(): boolean {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < SMALL;
}
