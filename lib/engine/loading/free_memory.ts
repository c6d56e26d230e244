/**
 * The memory of this machine, or of the container.
 *
 * @module
 */

import process from "node:process";

/** Returns the bytes that this process may still take, in a container or not. */
export function freeMemory(): number {
  const limit = process.constrainedMemory() || Infinity;
  const left = Math.max(0, limit - process.memoryUsage.rss());
  return Math.min(left, process.availableMemory());
}
