/**
 * Records in Deno KV. A value holds 64 KiB, so a record is several values, written
 * and read as one: a commit, and one batch of a list.
 *
 * ```text
 * ["data", 1, model, namespace, hash, i] → part i of the record
 * ["index", 1, model, namespace, hash]   → its entry
 * ["erased", 1, scope]                   → true; entries older than it are void
 * ["lease"]                              → who cleans up, and until when
 * ```
 *
 * Nothing has an `expireIn`: Deno's own sweep ends the process on a full disk.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { BlockPlace } from "../block.ts";
import { scopesOf } from "../namespace.ts";
import type { BlockStore, StoredBlock, StoredEntry } from "./block_store.ts";

/** The most that one value holds. */
const VALUE_BYTES = 65_536;

/** The most parts of a record: 800 KiB a commit, keys included. */
const MOST_PARTS = 12;

/** Keys that one read may name. */
const READ_KEYS = 10;

/** Times that a commit is tried, each after a millisecond more. */
const MOST_ATTEMPTS = 60;

/** Entries that one batch of a list may have. */
const BATCH = 500;

interface Lease {
  owner: string;
  until: number;
}

/** Returns whether a store is a file, rather than a server's URL or `:memory:`. */
export function isKvFile(where: string): boolean {
  return !/^https?:/.test(where) && where !== ":memory:";
}

/** Opens the file at `where`, or the server at that URL. */
export async function openKvStore(where: string): Promise<BlockStore> {
  return kvStore(await Deno.openKv(where));
}

/** Keeps records in `kv`. */
function kvStore(kv: Deno.Kv): BlockStore {
  return {
    async entries(places) {
      const scopes = new Set(places.flatMap(({ space }) => scopesOf(space)));
      const [erasures, entries] = await Promise.all([
        getAll<true>(kv, [...scopes].map(erasureKey)),
        getAll<StoredEntry>(kv, places.map(indexKey)),
      ]);
      return entries.map((entry) =>
        entry.value && !isErased(entry, erasures) ? entry.value : undefined
      );
    },

    async read(place) {
      const prefix = dataKey(place);
      const options = { batchSize: MOST_PARTS + 1 };
      const parts: Uint8Array[] = [];
      for await (const { value } of kv.list<Uint8Array>({ prefix }, options)) {
        parts.push(value);
      }
      return parts.length > 0 ? join(parts) : undefined;
    },

    async write(place, record, entry, isCurrent = () => true) {
      const [old, ...erasures] = await getAll<StoredEntry>(kv, [
        indexKey(place),
        ...scopesOf(place.space).map(erasureKey),
      ]);
      if (!isCurrent()) return false;
      if (old.value && !isErased(old, erasures)) return true;
      const atomic = kv.atomic().check(old, ...erasures).set(old.key, entry);
      for (const [i, part] of cut(record).entries()) {
        atomic.set([...dataKey(place), i], part);
      }
      const { ok } = await commit(atomic);
      record.buffer.transfer(0); // as garbage, records would outgrow any cap
      return ok;
    },

    async erase(scope) {
      await commit(kv.atomic().set(erasureKey(scope), true));
    },

    async list() {
      const erasures = await Array.fromAsync(kv.list({ prefix: ["erased"] }));
      const blocks: StoredBlock[] = [];
      const all = kv.list<StoredEntry>({ prefix: ["index"] }, {
        batchSize: BATCH,
      });
      for await (const found of all) {
        const [, , model, space, hash] = found.key as string[];
        const erased = isErased(found, erasures);
        blocks.push({
          place: { model, space, hash },
          entry: found.value,
          erased,
        });
      }
      return blocks;
    },

    async touch(place, used) {
      const [old, ...erasures] = await getAll<StoredEntry>(kv, [
        indexKey(place),
        ...scopesOf(place.space).map(erasureKey),
      ]);
      if (!old.value || isErased(old, erasures)) return;
      const entry = { ...old.value, used };
      await commit(kv.atomic().check(old, ...erasures).set(old.key, entry));
    },

    async remove(place) {
      const atomic = kv.atomic().delete(indexKey(place));
      for (let i = 0; i < MOST_PARTS; i++) {
        atomic.delete([...dataKey(place), i]);
      }
      await commit(atomic);
    },

    async lease(owner, { now, ms }) {
      const key = ["lease"];
      const { value, versionstamp } = await kv.get<Lease>(key);
      // A lease from a clock far ahead would never end.
      const held = value && value.until > now && value.until <= now + ms;
      if (held && value.owner !== owner) return false;
      const lease: Lease = { owner, until: now + ms };
      const { ok } = await commit(
        kv.atomic().check({ key, versionstamp }).set(key, lease),
      );
      return ok;
    },

    close: () => kv.close(),
  };
}

/** Commits; another process that writes to the same file is soon done. */
async function commit(
  atomic: Deno.AtomicOperation,
): Promise<{ ok: boolean }> {
  for (let attempt = 1;; attempt++) {
    try {
      return await atomic.commit();
    } catch (error) {
      const locked = /database is locked/.test(String(error));
      if (!locked || attempt === MOST_ATTEMPTS) throw error;
    }
    await delay(attempt);
  }
}

/** Reads as many keys as there are. */
async function getAll<T>(
  kv: Deno.Kv,
  keys: Deno.KvKey[],
): Promise<Deno.KvEntryMaybe<T>[]> {
  const groups = Array.from(
    { length: Math.ceil(keys.length / READ_KEYS) },
    (_, i) => keys.slice(i * READ_KEYS, (i + 1) * READ_KEYS),
  );
  const read = await Promise.all(
    groups.map((group) => kv.getMany<T[]>(group)),
  );
  return read.flat();
}

/**
 * Returns whether the entry of a block was written before an erasure that includes it:
 * versionstamps only ever grow, whichever instance writes.
 */
function isErased(
  { key, versionstamp }: Deno.KvEntryMaybe<unknown>,
  erasures: Deno.KvEntryMaybe<unknown>[],
): boolean {
  const scopes = scopesOf(key[3] as string);
  return erasures.some((erasure) =>
    scopes.includes(erasure.key[2] as string) &&
    (erasure.versionstamp ?? "") > versionstamp!
  );
}

function erasureKey(scope: string): Deno.KvKey {
  return ["erased", 1, scope];
}

function indexKey({ model, space, hash }: BlockPlace): Deno.KvKey {
  return ["index", 1, model, space, hash];
}

function dataKey({ model, space, hash }: BlockPlace): Deno.KvKey {
  return ["data", 1, model, space, hash];
}

function cut(record: Uint8Array): Uint8Array[] {
  const count = Math.ceil(record.length / VALUE_BYTES);
  if (count > MOST_PARTS) {
    throw new RangeError(
      `Cannot store the block: at most ${
        MOST_PARTS * VALUE_BYTES
      } bytes are required: received ${record.length}`,
    );
  }
  return Array.from(
    { length: count },
    (_, i) => record.subarray(i * VALUE_BYTES, (i + 1) * VALUE_BYTES),
  );
}

function join(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
