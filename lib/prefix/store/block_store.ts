/**
 * The port to a store of sealed blocks that outlives the process.
 *
 * @module
 */

import type { BlockPlace } from "../block.ts";

/** What can be read of a block without its record. */
export interface StoredEntry {
  /** Bytes of the record. */
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
  /** Whether it was erased: it is never found, but still takes space. */
  erased: boolean;
}

/** Keeps records by their places. Every call may fail. */
export interface BlockStore {
  /** Looks up entries, in the order of `places`. */
  entries(
    places: readonly BlockPlace[],
  ): Promise<(StoredEntry | undefined)[]>;
  /** Reads a record, all of it as of one moment. */
  read(place: BlockPlace): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Writes a record and its entry in one commit, unless there is one; resolves to
   * whether there is one now. The store takes over the record and frees it. The write
   * stops if `isCurrent` returns false, and fails if the block is erased after that.
   */
  write(
    place: BlockPlace,
    record: Uint8Array<ArrayBuffer>,
    entry: StoredEntry,
    isCurrent?: () => boolean,
  ): Promise<boolean>;
  /**
   * Erases the blocks of a scope, as in {@linkcode scopesOf}, in one commit: no instance
   * finds one that was written before. `remove` frees their space.
   */
  erase(scope: string): Promise<void>;
  /** Lists all blocks, of every model and namespace. */
  list(): Promise<StoredBlock[]>;
  /** Records when a block was used, if it is there. */
  touch(place: BlockPlace, used: number): Promise<void>;
  /** Removes a block, all of it in one commit; resolves to true. */
  remove(place: BlockPlace): Promise<true>;
  /** Takes or prolongs the only lease of the store; resolves to whether it is had. */
  lease(owner: string, times: { now: number; ms: number }): Promise<boolean>;
  /** Closes the connection. */
  close(): void;
}
