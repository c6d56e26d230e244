/**
 * Which stored blocks must go: those that were erased or not used for long, then the
 * least recently used until the rest fits, the last block of a text first.
 *
 * @module
 */

import type { StoredBlock } from "./block_store.ts";

const HOUR_MS = 3_600_000;

/** Without use a block lives a day. */
const MOST_IDLE_MS = 24 * HOUR_MS;

/** With use, a week. */
const MOST_AGE_MS = 7 * 24 * HOUR_MS;

/** Where eviction stops, so that it does not begin again at once. */
const FILL = 0.9;

/** Tells blocks apart. */
export interface Eviction {
  /** Those that must go. */
  gone: StoredBlock[];
  /** Bytes of those that stay. */
  keptBytes: number;
}

/**
 * Chooses what must go by `now`, in Unix milliseconds, for the rest to fit `capBytes`.
 *
 * A time in the future is a clock that was set back, and counts as now.
 */
export function chooseEvictions(
  blocks: readonly StoredBlock[],
  { now, capBytes }: { now: number; capBytes: number },
): Eviction {
  const age = (time: number) => Math.max(0, now - time);
  const isOver = ({ erased, entry: { created, used } }: StoredBlock) =>
    erased || age(used) > MOST_IDLE_MS || age(created) > MOST_AGE_MS;
  const gone = blocks.filter(isOver);
  const rest = blocks.filter((block) => !isOver(block));
  let keptBytes = rest.reduce((sum, { entry }) => sum + entry.bytes, 0);
  if (keptBytes <= capBytes) return { gone, keptBytes };

  rest.sort((a, b) =>
    age(b.entry.used) - age(a.entry.used) || b.entry.depth - a.entry.depth
  );
  for (const block of rest) {
    if (keptBytes <= capBytes * FILL) break;
    gone.push(block);
    keptBytes -= block.entry.bytes;
  }
  return { gone, keptBytes };
}
