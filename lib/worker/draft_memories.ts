/**
 * What drafting has learned from texts, apart for each caller and salt: which tokens
 * followed which, how often guesses were right, what masks are worth. So no caller's
 * drafts show what another's texts say.
 *
 * @module
 */

import type { DraftMemory } from "../bita/draft/guesses.ts";
import type { CacheHints } from "../prefix/cache_hints.ts";

/** Whose texts a memory is learned from, and drafts. */
export type Owner = Pick<CacheHints, "caller" | "salt">;

/** Memories that are kept. */
const MOST = 16;

/** Keeps the memories that were used last. */
export class DraftMemories {
  readonly #make: () => DraftMemory;
  /** By caller and by salt, the least recently used first. */
  readonly #callers = new Map<string, Map<string, DraftMemory>>();

  /** @param make returns a memory that has learned nothing yet. */
  constructor(make: () => DraftMemory) {
    this.#make = make;
  }

  /** Returns what was learned from the texts of an owner. */
  of({ caller, salt }: Owner): DraftMemory {
    const own = this.#callers.get(caller) ?? new Map<string, DraftMemory>();
    const memory = own.get(salt) ?? this.#make();
    useLast(own, salt, memory);
    useLast(this.#callers, caller, own);
    this.#limit();
    return memory;
  }

  /** Forgets what was learned from the texts of a caller, or of all callers. */
  forget(caller?: string): void {
    if (caller === undefined) this.#callers.clear();
    else this.#callers.delete(caller);
  }

  /** Drops a memory of the caller that has the most, so that none displaces others'. */
  #limit(): void {
    const sizes = [...this.#callers.values()].map(({ size }) => size);
    if (sizes.reduce((sum, size) => sum + size) <= MOST) return;
    const at = sizes.indexOf(Math.max(...sizes));
    const [caller, own] = [...this.#callers][at];
    const [oldest] = own.keys();
    own.delete(oldest);
    if (own.size === 0) this.#callers.delete(caller);
  }
}

/** Makes an entry the last of its map. */
function useLast<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
}
