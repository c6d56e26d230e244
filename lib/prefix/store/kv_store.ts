/**
 * Records in Deno KV. A value holds 64 KiB, so a record is several values; they are
 * written in one commit and read in one batch.
 *
 * ```text
 * ["data", 1, model, namespace, hash, i] → part i of the record
 * ["index", 1, model, namespace, hash]   → its entry
 * ["erased", 1, scope]                   → true; older entries of the scope are void
 * ["lease"]                              → which instance removes blocks, until when
 * ["limits", name]                       → a small value that servers share
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
import { cut, join, MOST_PARTS } from "./parts.ts";
import type { ValueStore } from "./value_store.ts";

/** The most keys of one read. */
const READ_KEYS = 10;

/** Attempts at a commit, each a millisecond later than the one before. */
const MOST_ATTEMPTS = 60;

/** Entries in one batch of a list. */
const BATCH = 500;

interface Lease {
  owner: string;
  until: number;
}

type Found<T> = Deno.KvEntryMaybe<T>;

/** Returns whether a store is a file, rather than a server's URL or `:memory:`. */
export function isKvFile(where: string): boolean {
  return !/^https?:/.test(where) && where !== ":memory:";
}

/**
 * Checks that there is a KV.
 *
 * @throws {Deno.errors.NotSupported} if this Deno was started without it.
 */
export function requireKv(): void {
  if ("openKv" in Deno) return;
  throw new Deno.errors.NotSupported(
    "Deno must run with its KV, by --unstable-kv or by this project's deno.json",
  );
}

/**
 * Opens the file at `where`, or the server at that URL.
 *
 * @param root begins all keys, so that records of other kinds stay apart.
 */
export async function openKvStore(
  where: string,
  root: readonly string[] = [],
): Promise<BlockStore> {
  return kvStore(await Deno.openKv(where), root);
}

/** Opens the values in the file at `where`, or at the server at that URL. */
export async function openKvValues(where: string): Promise<ValueStore> {
  requireKv();
  const kv = await Deno.openKv(where);
  const keyOf = (name: string) => ["limits", name];
  return {
    async get(name) {
      const { value, versionstamp } = await kv.get(keyOf(name));
      return { value, version: versionstamp };
    },
    async set(name, value, versionstamp) {
      const key = keyOf(name);
      const { ok } = await commit(
        kv.atomic().check({ key, versionstamp }).set(key, value),
      );
      return ok;
    },
    close: () => kv.close(),
  };
}

function kvStore(kv: Deno.Kv, root: readonly string[]): BlockStore {
  const erasureKey = (scope: string) => [...root, "erased", 1, scope];
  const placeKey = (
    part: string,
    { model, space, hash }: BlockPlace,
  ) => [...root, part, 1, model, space, hash];
  const indexKey = (place: BlockPlace) => placeKey("index", place);
  const dataKey = (place: BlockPlace) => placeKey("data", place);
  /** Reads an entry, and the erasures that may include it. */
  const withErasures = (place: BlockPlace) =>
    getAll<StoredEntry>(kv, [
      indexKey(place),
      ...scopesOf(place.space).map(erasureKey),
    ]);

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
      if (parts.length === 0) return undefined;
      const record = join(parts);
      // Left to the collector, parts would take fresh memory, which is slow.
      for (const { buffer } of parts) (buffer as ArrayBuffer).transfer(0);
      return record;
    },

    async write(place, record, entry, isCurrent = () => true) {
      const [old, ...erasures] = await withErasures(place);
      if (!isCurrent()) return false;
      if (old.value && !isErased(old, erasures)) return true;
      const atomic = kv.atomic().check(old, ...erasures).set(old.key, entry);
      for (const [i, part] of cut(record).entries()) {
        atomic.set([...dataKey(place), i], part);
      }
      const { ok } = await commit(atomic);
      record.buffer.transfer(0); // left to the collector, records outgrow any cap
      return ok;
    },

    async erase(scope) {
      await commit(kv.atomic().set(erasureKey(scope), true));
    },

    async list() {
      const erasures = await Array.fromAsync(
        kv.list({ prefix: [...root, "erased"] }),
      );
      const entries = kv.list<StoredEntry>({ prefix: [...root, "index"] }, {
        batchSize: BATCH,
      });
      const blocks: StoredBlock[] = [];
      for await (const found of entries) {
        const [model, space, hash] = found.key.slice(-3) as string[];
        blocks.push({
          place: { model, space, hash },
          entry: found.value,
          erased: isErased(found, erasures),
        });
      }
      return blocks;
    },

    async touch(place, used) {
      const [old, ...erasures] = await withErasures(place);
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
      return true;
    },

    async lease(owner, { now, ms }) {
      const key = [...root, "lease"];
      const { value, versionstamp } = await kv.get<Lease>(key);
      // A lease from a clock far ahead would never end.
      const isHeld = value && value.until > now && value.until <= now + ms;
      if (isHeld && value.owner !== owner) return false;
      const lease: Lease = { owner, until: now + ms };
      const { ok } = await commit(
        kv.atomic().check({ key, versionstamp }).set(key, lease),
      );
      return ok;
    },

    close: () => kv.close(),
  };
}

/** Commits, again and again while another process writes to the same file. */
async function commit(atomic: Deno.AtomicOperation): Promise<{ ok: boolean }> {
  for (let attempt = 1;; attempt++) {
    try {
      return await atomic.commit();
    } catch (error) {
      const isLocked = /database is locked/.test(String(error));
      if (!isLocked || attempt === MOST_ATTEMPTS) throw error;
    }
    await delay(attempt);
  }
}

/** Reads any number of keys. */
async function getAll<T>(kv: Deno.Kv, keys: Deno.KvKey[]): Promise<Found<T>[]> {
  const reads: Promise<Found<T>[]>[] = [];
  for (let i = 0; i < keys.length; i += READ_KEYS) {
    reads.push(kv.getMany<T[]>(keys.slice(i, i + READ_KEYS)));
  }
  return (await Promise.all(reads)).flat();
}

/**
 * Returns whether an entry was written before an erasure that includes it: versionstamps
 * grow with every commit of every instance.
 */
function isErased(
  { key, versionstamp }: Found<unknown>,
  erasures: Found<unknown>[],
): boolean {
  const scopes = scopesOf(key.at(-2) as string);
  return erasures.some((erasure) =>
    scopes.includes(erasure.key.at(-1) as string) &&
    (erasure.versionstamp ?? "") > versionstamp!
  );
}
