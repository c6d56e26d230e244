/**
 * A file of keys that is read again when it has changed, so that a key can be added or
 * withdrawn while the server runs.
 *
 * @module
 */

import type { ApiKey } from "./api_keys.ts";
import { type KeyLinesOptions, parseKeys } from "./key_lines.ts";

/** Milliseconds between two looks at the file. */
const LOOK_MS = 1_000;

/** The bit of a file that all users may read. */
const READABLE_BY_ALL = 0o004;

/** What a file of keys needs. */
export interface KeyFileOptions extends KeyLinesOptions {
  path: string;
  /** Called with what the operator should know, once for each change of the file. */
  onWarning: (message: string) => void;
  /** Time in milliseconds, from a clock that never goes back. */
  now: () => number;
}

/**
 * Reads a file of keys.
 *
 * @throws {TypeError} if it can't be read or has a malformed line.
 */
export async function readKeys(
  path: string,
  options: KeyLinesOptions = {},
): Promise<ApiKey[]> {
  try {
    return parseKeys(await Deno.readTextFile(path), options);
  } catch (error) {
    const { message } = error as Error;
    const fault = error instanceof TypeError
      ? message
      : `it must be a file that can be read: received "${message}"`;
    throw new TypeError(`Cannot read API_KEYS_FILE ${path}: ${fault}`);
  }
}

/** The keys of a file, as it is now. */
export class KeyFile {
  readonly #options: KeyFileOptions;
  #keys: readonly ApiKey[] = [];
  #lookedAt = -Infinity;
  #looking = Promise.resolve();
  /** The state of the file when it was last read: `undefined` if it was not there. */
  #state: string | null | undefined = null;

  constructor(options: KeyFileOptions) {
    this.#options = options;
  }

  /** Returns the keys; those of before, if the file has become one that can't be read. */
  async keys(): Promise<readonly ApiKey[]> {
    const now = this.#options.now();
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      this.#looking = this.#look();
    }
    await this.#looking;
    return this.#keys;
  }

  async #look(): Promise<void> {
    const { path, onWarning } = this.#options;
    const info = await Deno.stat(path).catch(() => undefined);
    const state = info && stateOf(info);
    if (state === this.#state) return;
    this.#state = state;
    try {
      this.#keys = await readKeys(path, this.#options);
      if ((info?.mode ?? 0) & READABLE_BY_ALL) {
        onWarning(`every user can read API_KEYS_FILE ${path}: chmod 600 it`);
      }
    } catch (error) {
      onWarning(`${(error as Error).message}; its keys stay as they were`);
    }
  }
}

/** Names a state of a file; a change of its rights changes `ctime` alone. */
function stateOf({ mtime, ctime, size, ino }: Deno.FileInfo): string {
  return [mtime?.getTime(), ctime?.getTime(), size, ino].join();
}
