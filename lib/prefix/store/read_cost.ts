/**
 * How long the store takes to read blocks, measured at the start, and from how many
 * blocks on reading is faster than computing.
 *
 * @module
 */

import type { BlockSealer } from "./block_sealer.ts";
import type { DiskGuard } from "./disk_guard.ts";
import type { GuardedStore } from "./guarded_store.ts";

/** The time to read `n` blocks is `baseMs + n * blockMs`. */
export interface ReadCost {
  /** Milliseconds before the first block. */
  baseMs: number;
  /** Milliseconds a block. */
  blockMs: number;
}

/** The cost that is assumed where it cannot be measured. */
const UNKNOWN: ReadCost = { baseMs: 20, blockMs: 5 };

/** Blocks that the second measurement reads at once. */
const MANY = 8;

/** Measurements of each kind; the fastest counts, as only disturbances differ. */
const TRIALS = 3;

/** Milliseconds that one call may take. */
const CALL_MS = 2_000;

/** What is measured, and where. */
export interface MeasureOptions {
  sealer: BlockSealer;
  /** Bytes of a block's keys and values. */
  blockBytes: number;
  /** The disk of the store, if it is a local one. */
  disk?: DiskGuard | undefined;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** Returns the fewest blocks that are read faster than computed; `Infinity` if none. */
export function breakEven(
  { read, computeMs }: { read: ReadCost; computeMs: number },
): number {
  const gain = computeMs - read.blockMs;
  return gain > 0 ? Math.max(1, Math.floor(read.baseMs / gain) + 1) : Infinity;
}

/** Returns the cost that follows from the time of one read, and of `count` at once. */
export function readCost(
  oneMs: number,
  { count, ms }: { count: number; ms: number },
): ReadCost {
  const blockMs = Math.max(0, ms - oneMs) / (count - 1);
  return { baseMs: Math.max(0, oneMs - blockMs), blockMs };
}

/** Measures reads of one block and of several at once, decryption included. */
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
  const isWritten = await store.call(
    (kv) => kv.write(place, record, entry),
    CALL_MS,
  );
  if (!isWritten) return UNKNOWN;
  const readOne = async () => {
    const [found] = await Promise.all([
      store.call((kv) => kv.read(place), CALL_MS),
      store.call((kv) => kv.entries([place]), CALL_MS),
    ]);
    if (!found) return false;
    const { kv } = await sealer.open(place, found, tokens);
    kv.buffer.transfer(0);
    return true;
  };
  const measure = async (count: number) => {
    let best = Infinity;
    for (let trial = 0; trial < TRIALS; trial++) {
      const before = performance.now();
      const reads = await Promise.all(Array.from({ length: count }, readOne));
      if (!reads.every(Boolean)) return Infinity;
      best = Math.min(best, performance.now() - before);
    }
    return best;
  };
  const one = await measure(1);
  const many = await measure(MANY);
  await store.call((kv) => kv.remove(place), CALL_MS);
  return Number.isFinite(one + many)
    ? readCost(one, { count: MANY, ms: many })
    : UNKNOWN;
}
