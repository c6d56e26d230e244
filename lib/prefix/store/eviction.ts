/**
 * Chooses the stored blocks to remove: first those that were erased or not used for
 * long, then the least recently used until the rest fits. Of one text, the last block
 * goes first.
 *
 * @module
 */

import type { StoredBlock } from "./block_store.ts";

const HOUR_MS = 3_600_000;

/** How long records live. */
export interface Lifetimes {
  /** Milliseconds without use. */
  idleMs: number;
  /** Milliseconds, used or not. */
  ageMs: number;
}

/** A block lives for a day without use, and for a week. */
const BLOCKS: Lifetimes = { idleMs: 24 * HOUR_MS, ageMs: 7 * 24 * HOUR_MS };

/** Share of the cap at which eviction stops, so that it does not soon begin again. */
const FILL = 0.9;

/**
 * Returns the blocks to remove at `now`, in Unix ms, for the rest to fit `capBytes`.
 *
 * A time in the future means that the clock was set back; it counts as now.
 */
export function chooseEvictions(
  blocks: readonly StoredBlock[],
  { now, capBytes, lifetimes = BLOCKS }: {
    now: number;
    capBytes: number;
    lifetimes?: Lifetimes | undefined;
  },
): StoredBlock[] {
  const age = (time: number) => Math.max(0, now - time);
  const isOver = ({ erased, entry: { created, used } }: StoredBlock) =>
    erased || age(used) > lifetimes.idleMs || age(created) > lifetimes.ageMs;
  const gone = blocks.filter(isOver);
  const rest = blocks.filter((block) => !isOver(block));
  let bytes = rest.reduce((sum, { entry }) => sum + entry.bytes, 0);
  if (bytes <= capBytes) return gone;

  rest.sort((a, b) =>
    age(b.entry.used) - age(a.entry.used) || b.entry.depth - a.entry.depth
  );
  for (const block of rest) {
    if (bytes <= capBytes * FILL) break;
    gone.push(block);
    bytes -= block.entry.bytes;
  }
  return gone;
}
