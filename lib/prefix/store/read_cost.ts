/**
 * When reading a prefix from the store is faster than computing it again.
 *
 * @module
 */

/** What the store takes, as measured at the start. */
export interface ReadCost {
  /** Milliseconds before the first block. */
  baseMs: number;
  /** Milliseconds a block. */
  blockMs: number;
}

/** What is known of both ways. */
export interface Rivals {
  read: ReadCost;
  /** Milliseconds to compute a block. */
  computeMs: number;
}

/** Gives the fewest blocks that are read faster; `Infinity` if none are. */
export function breakEven({ read, computeMs }: Rivals): number {
  const gain = computeMs - read.blockMs;
  if (gain <= 0) return Infinity;
  return Math.max(1, Math.floor(read.baseMs / gain) + 1);
}

/** Derives the cost from the time of one read, and of `count` at once. */
export function readCost(
  oneMs: number,
  { count, ms }: { count: number; ms: number },
): ReadCost {
  const blockMs = Math.max(0, ms - oneMs) / (count - 1);
  return { baseMs: Math.max(0, oneMs - blockMs), blockMs };
}
