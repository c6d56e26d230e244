/**
 * The lines of a file of keys. Each names a key by its digest:
 *
 * ```text
 * # name  SHA-256 of the key, in hex                                        limits
 * alice   2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90
 * bob     81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9  requests=60 tokens=20000
 * ```
 *
 * @module
 */

import { type ApiKey, callerOf, plainKey } from "./api_keys.ts";
import type { Limits } from "./buckets.ts";

const NAME = /^[\w.@-]+$/;
const DIGEST = /^[0-9a-f]{64}$/i;
const LIMIT = /^(requests|tokens)=(none|[1-9]\d{0,8})$/;

/** Random bytes of a new key. */
const KEY_BYTES = 32;

/** What a file's keys are read with. */
export interface KeyLinesOptions {
  /** Limits of keys whose lines name none. */
  limits?: Limits;
  /** The operator's key, which opens more than callers may. */
  adminKey?: string | undefined;
}

/**
 * Reads the keys of a file. A message never shows a word that might be a key.
 *
 * @throws {TypeError} that names the first line at fault.
 */
export function parseKeys(
  text: string,
  { limits = {}, adminKey }: KeyLinesOptions = {},
): ApiKey[] {
  const admin = adminKey === undefined ? "" : callerOf(plainKey(adminKey));
  const keys: ApiKey[] = [];
  const names = new Set<string>();
  /** Names by the digests of their keys. */
  const owners = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.replace(/(^|\s)#.*/, "").split(/\s+/).filter(Boolean);
    if (words.length === 0) continue;
    const fault = faultOf(words) ??
      clashOf(words, { names, owners, admin });
    if (fault) {
      const [must, received] = fault;
      throw new TypeError(
        `line ${index + 1} must ${must}: received ${received}`,
      );
    }
    const [name, digest, ...own] = words;
    const digits = Uint8Array.fromHex(digest);
    keys.push({ name, digest: digits, limits: limitsOf(own, limits) });
    names.add(name);
    owners.set(digest.toLowerCase(), name);
  }
  return keys;
}

/** Makes a key and its line, which does not show the key. */
export function newKey(
  name: string,
  limits: readonly string[] = [],
): { key: string; line: string } {
  const random = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const alphabet = "base64url";
  const key = `sk-bita-${random.toBase64({ alphabet, omitPadding: true })}`;
  const words = [name, callerOf(plainKey(key)), ...limits];
  const [must, received] = faultOf(words) ?? [];
  if (!must) return { key, line: words.join(" ") };
  throw new TypeError(
    `Cannot make a key: its line must ${must}: received ${received}`,
  );
}

type Fault = [must: string, received: string];

function faultOf([name, digest, ...limits]: string[]): Fault | undefined {
  if (!NAME.test(name)) {
    return ["begin with a name of letters, digits and . _ @ -", "others"];
  }
  if (digest === undefined || !DIGEST.test(digest)) {
    const received = `${digest?.length ?? 0} characters`;
    return ["have the SHA-256 of a key, in 64 hex digits, second", received];
  }
  const odd = limits.findIndex((limit) => !LIMIT.test(limit));
  if (odd < 0) return undefined;
  const limit = limits[odd];
  const shown = limit.includes("=") ? limit : `${limit.length} characters`;
  return ["end with limits such as requests=60 tokens=20000", shown];
}

function clashOf(
  [name, digest]: string[],
  { names, owners, admin }: {
    names: ReadonlySet<string>;
    owners: ReadonlyMap<string, string>;
    admin: string;
  },
): Fault | undefined {
  if (names.has(name)) return ["have a name of its own", `${name} again`];
  const caller = digest.toLowerCase();
  const owner = owners.get(caller);
  if (owner !== undefined) return ["have a key of its own", `that of ${owner}`];
  return caller === admin
    ? ["have another key than ADMIN_KEY", "that one"]
    : undefined;
}

function limitsOf(own: readonly string[], limits: Limits): Limits {
  const all = own.map((limit) => {
    const [kind, most] = limit.split("=");
    return [kind, most === "none" ? undefined : Number(most)];
  });
  return { ...limits, ...Object.fromEntries(all) };
}
