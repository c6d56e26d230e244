/**
 * The port to whatever keeps sealed blocks beyond this process's life.
 *
 * @module
 */

import type { BlockPlace } from "../block.ts";

/** What the store knows of a block without reading it. */
export interface StoredEntry {
  /** Bytes of its record. */
  bytes: number;
  /** Its number in its text, from 0. */
  depth: number;
  /** Unix time in milliseconds. */
  created: number;
  /** Unix time in milliseconds, exact to the hour. */
  used: number;
}

/** A block in a store. */
export interface StoredBlock {
  place: BlockPlace;
  entry: StoredEntry;
  /** Whether it was erased; it cannot be read any more, but still takes space. */
  erased: boolean;
}

/** Keeps records by their places. Every call may fail. */
export interface BlockStore {
  /** Looks up entries, in the order of `places`. */
  entries(
    places: readonly BlockPlace[],
  ): Promise<(StoredEntry | undefined)[]>;
  /** Reads a record as it was at one moment. */
  read(place: BlockPlace): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Writes a record and its entry at once, unless there is one already; resolves to
   * whether there is one now. The record is the store's from then on. The write stops
   * if `isCurrent` returns false, and fails if the block is erased after that.
   */
  write(
    place: BlockPlace,
    record: Uint8Array<ArrayBuffer>,
    entry: StoredEntry,
    isCurrent?: () => boolean,
  ): Promise<boolean>;
  /**
   * Erases the blocks of a scope, as in {@linkcode scopesOf}, for every instance: from
   * then on none that was written before is found. Their space is freed by `remove`.
   */
  erase(scope: string): Promise<void>;
  /** Lists all blocks, of every model and namespace. */
  list(): Promise<StoredBlock[]>;
  /** Notes when a block was used; one that is gone stays gone. */
  touch(place: BlockPlace, used: number): Promise<void>;
  /** Removes a block whole. */
  remove(place: BlockPlace): Promise<void>;
  /** Takes or prolongs the one lease of this store; tells whether that worked. */
  lease(owner: string, times: { now: number; ms: number }): Promise<boolean>;
  close(): void;
}
