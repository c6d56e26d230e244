/**
 * Finds out what reading a block from the store takes, with one of its own.
 *
 * @module
 */

import type { BlockSealer } from "./block_sealer.ts";
import type { DiskGuard } from "./disk_guard.ts";
import type { GuardedStore } from "./guarded_store.ts";
import { type ReadCost, readCost } from "./read_cost.ts";

/** What is taken for granted where nothing can be measured. */
const UNKNOWN: ReadCost = { baseMs: 20, blockMs: 5 };

/** Blocks that are read at once. */
const MANY = 8;

/** Times that each is timed; the fastest counts, since only disturbances differ. */
const TRIALS = 3;

/** Milliseconds that one call may take. */
const PATIENCE_MS = 2_000;

/** What is measured, and where. */
export interface MeasureOptions {
  sealer: BlockSealer;
  /** Bytes of a block's keys and values. */
  blockBytes: number;
  /** The disk of the store, if it is on one of ours. */
  disk?: DiskGuard | undefined;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** Times reads of one block and of several at once, opened as they must be. */
export async function measureRead(
  store: GuardedStore,
  { sealer, blockBytes, disk, now }: MeasureOptions,
): Promise<ReadCost> {
  if (disk?.hasRoom() === false) return UNKNOWN;
  const tokens = Int32Array.of(0);
  const place = { model: "probe", space: "", hash: crypto.randomUUID() };
  const kv = new Float32Array(blockBytes / 4);
  const record = await sealer.seal(place, { tokens, kv });
  const time = now();
  const entry = { bytes: record.length, depth: 0, created: time, used: time };
  const written = await store.call(
    (kv) => kv.write(place, record, entry).then(() => true),
    PATIENCE_MS,
  );
  if (!written) return UNKNOWN;
  const readOne = async () => {
    const [found] = await Promise.all([
      store.call((kv) => kv.read(place), PATIENCE_MS),
      store.call((kv) => kv.entries([place]), PATIENCE_MS),
    ]);
    if (found) await sealer.open(place, found, tokens);
    return found !== undefined;
  };
  const clock = async (count: number) => {
    let best = Infinity;
    for (let trial = 0; trial < TRIALS; trial++) {
      const before = performance.now();
      const reads = await Promise.all(Array.from({ length: count }, readOne));
      if (reads.every(Boolean)) {
        best = Math.min(best, performance.now() - before);
      }
    }
    return best;
  };
  const one = await clock(1);
  const many = await clock(MANY);
  await store.call((kv) => kv.remove(place), PATIENCE_MS);
  return Number.isFinite(one + many)
    ? readCost(one, { count: MANY, ms: many })
    : UNKNOWN;
}
