/**
 * The port to a store of small values that several servers change.
 *
 * @module
 */

/** A value, and the version by which a change of it is noticed. */
export interface Versioned {
  /** `null` if there is none. */
  value: unknown;
  version: string | null;
}

/** Keeps values by their names. Every call may fail. */
export interface ValueStore {
  /** Reads a value. */
  get(name: string): Promise<Versioned>;
  /** Replaces a value that still has a version; resolves to whether it had. */
  set(name: string, value: unknown, version: string | null): Promise<boolean>;
  /** Closes the connection. */
  close(): void;
}
