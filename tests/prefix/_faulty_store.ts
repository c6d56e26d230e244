/**
 * A store in memory whose calls fail, lie and tear records at random, the same for the
 * same seed.
 *
 * @module
 */

import { uniform } from "../../lib/bita/choose/random.ts";
import { scopesOf } from "../../lib/prefix/namespace.ts";
import type { BlockPlace } from "../../lib/prefix/block.ts";
import type {
  BlockStore,
  StoredBlock,
} from "../../lib/prefix/store/block_store.ts";

interface Kept extends StoredBlock {
  record: Uint8Array<ArrayBuffer>;
}

/** Makes a store, and counts of what it has done wrong. */
export function faultyStore(
  seed: number,
): { store: BlockStore; faults: Map<string, number> } {
  const kept = new Map<string, Kept>();
  const faults = new Map<string, number>();
  let drawn = 0;
  const draw = () => uniform(seed, drawn++);
  const happens = (fault: string, chance: number) => {
    const does = draw() < chance;
    if (does) faults.set(fault, (faults.get(fault) ?? 0) + 1);
    return does;
  };
  const keyOf = ({ model, space, hash }: BlockPlace) =>
    `${model} ${space} ${hash}`;
  const found = (place: BlockPlace) => {
    const block = kept.get(keyOf(place));
    return block?.erased ? undefined : block;
  };

  /** Does a call late, or fails before or after it. */
  async function call<T>(work: () => T): Promise<T> {
    for (let turns = Math.floor(draw() * 4); turns > 0; turns--) await null;
    if (happens("refused", 0.03)) throw new Error("refused");
    const result = work();
    if (happens("answer lost", 0.03)) throw new Error("lost");
    return result;
  }

  function damaged(record: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const copy = record.slice();
    if (happens("bit flipped", 0.05)) {
      copy[Math.floor(draw() * copy.length)] ^= 1 << Math.floor(draw() * 8);
    }
    if (happens("cut", 0.05)) return copy.slice(0, draw() * copy.length);
    if (happens("another record", 0.05)) {
      const others = [...kept.values()];
      return others[Math.floor(draw() * others.length)].record.slice();
    }
    return copy;
  }

  const store: BlockStore = {
    entries: (places) =>
      call(() =>
        places.map((place) =>
          happens("entry missing", 0.02) ? undefined : found(place)?.entry
        )
      ),
    read: (place) =>
      call(() => {
        const block = found(place);
        return block && damaged(block.record);
      }),
    write: (place, record, entry, isCurrent = () => true) =>
      call(() => {
        if (!isCurrent()) return false;
        if (happens("write forgotten", 0.03)) return true;
        if (!found(place)) {
          const block = { place, entry, record: record.slice(), erased: false };
          kept.set(keyOf(place), block);
        }
        return true;
      }),
    erase: (scope) =>
      call(() => {
        for (const block of kept.values()) {
          block.erased ||= scopesOf(block.place.space).includes(scope);
        }
      }),
    list: () => call(() => [...kept.values()]),
    touch: (place, used) =>
      call(() => {
        const block = found(place);
        if (block) block.entry = { ...block.entry, used };
      }),
    remove: (place) =>
      call(() => {
        kept.delete(keyOf(place));
        return true as const;
      }),
    lease: () => call(() => true),
    close() {},
  };
  return { store, faults };
}
