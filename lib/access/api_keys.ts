/**
 * API keys, each known by its SHA-256 alone: what was read of a file or of memory opens
 * nothing. A key is 32 random bytes, so its digest needs neither salt nor stretching.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { Limits } from "./buckets.ts";

/** A key that opens a part of the server. */
export interface ApiKey {
  /** SHA-256 of the key, 32 bytes. */
  digest: Uint8Array;
  /** Its name in the file of keys, if it is from there. */
  name?: string;
  limits: Limits;
}

/** Returns the keys as they are now. */
export type KeySource = () => readonly ApiKey[] | Promise<readonly ApiKey[]>;

/** Returns a key that is known as it is. */
export function plainKey(key: string, limits: Limits = {}): ApiKey {
  return { digest: digest(key), limits };
}

/**
 * Returns the key that was given, if it is one of these. Every key is
 * compared, each in constant time.
 */
export function findKey(
  keys: readonly ApiKey[],
  given: string,
): ApiKey | undefined {
  const wanted = digest(given);
  const [found] = keys.filter(({ digest }) => timingSafeEqual(digest, wanted));
  return found;
}

/** Returns the name of a caller, by which all that it leaves here is kept apart. */
export function callerOf({ digest }: ApiKey): string {
  return digest.toHex();
}

/** Digests are all of one length, which {@linkcode timingSafeEqual} needs. */
function digest(key: string): Uint8Array {
  return createHash("sha256").update(key).digest();
}
