import { assert, assertEquals, assertRejects } from "@std/assert";
import { ALL_CALLERS, sharedSpace } from "../../../lib/prefix/namespace.ts";
import type { BlockStore } from "../../../lib/prefix/store/block_store.ts";
import { openKvStore } from "../../../lib/prefix/store/kv_store.ts";
import { temporaryFolder } from "../_folder.ts";
import { placeOf, randomBytes } from "../_records.ts";

const ENTRY = { bytes: 3, depth: 0, created: 5, used: 5 };

Deno.test("openKvStore() keeps records up to the size of a commit", async () => {
  const store = await openKvStore(":memory:");
  const sizes = [1, 65_535, 65_536, 65_537, 770_159];
  for (const size of sizes) {
    const record = randomBytes(size);
    const given = record.slice();
    await store.write(placeOf(size), given, ENTRY);
    assertEquals(given.length, 0, "a written record is freed");
    assertEquals(await store.read(placeOf(size)), record);
  }
  const places = [...sizes, 7].map(placeOf);
  const entries = await store.entries(places);
  assertEquals(entries, [...sizes.map(() => ENTRY), undefined]);
  store.close();
});

Deno.test("openKvStore() refuses a record that no commit holds", async () => {
  const store = await openKvStore(":memory:");
  const record = randomBytes(12 * 65_536 + 1);
  await assertRejects(
    () => store.write(placeOf(0), record, ENTRY),
    RangeError,
    "Cannot store the block",
  );
  assertEquals(await store.entries([placeOf(0)]), [undefined]);
  store.close();
});

Deno.test("openKvStore() keeps the first of two records for one place", async () => {
  const store = await openKvStore(":memory:");
  await store.write(placeOf(0), randomBytes(3, 1), ENTRY);
  await store.write(placeOf(0), randomBytes(3, 2), ENTRY);
  assertEquals(await store.read(placeOf(0)), randomBytes(3, 1));
  store.close();
});

Deno.test("openKvStore() lists, touches and removes blocks whole", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/kv.sqlite`;
  const store = await openKvStore(path);
  for (let i = 0; i < 30; i++) {
    await store.write(placeOf(i), randomBytes(100_000), ENTRY);
  }
  await store.touch(placeOf(3), 9);
  await store.touch(placeOf(99), 9);
  const listed = await store.list();
  const used = new Map(listed.map(({ place, entry }) => [
    place.hash,
    entry.used,
  ]));
  assertEquals(used.size, 30);
  assertEquals(used.get(placeOf(3).hash), 9);
  assertEquals(used.get(placeOf(4).hash), 5);
  for (let i = 0; i < 30; i++) await store.remove(placeOf(i));
  assertEquals(await store.list(), []);
  assertEquals(await store.read(placeOf(3)), undefined);
  store.close();

  using kv = await Deno.openKv(path);
  const left = await Array.fromAsync(kv.list({ prefix: [] }));
  assertEquals(left, [], "no part is left");
});

Deno.test("openKvStore() leases to one owner at a time", async () => {
  const store = await openKvStore(":memory:");
  const lease = (owner: string, now: number) =>
    store.lease(owner, { now, ms: 100 });
  assert(await lease("a", 1000));
  assert(!await lease("b", 1050));
  assert(await lease("a", 1050), "prolonged");
  assert(!await lease("b", 1149));
  assert(await lease("b", 1150), "run out");
  assert(await lease("a", 500), "a lease from a clock that was set back");
  store.close();
});

/** Lists the hashes in a store, and those of erased blocks. */
async function listed(store: BlockStore): Promise<string[]> {
  const blocks = await store.list();
  return blocks.map(({ place, erased }) =>
    erased ? `${place.hash} erased` : place.hash
  );
}

Deno.test("openKvStore() erases what was written before, by namespace or all callers'", async () => {
  const store = await openKvStore(":memory:");
  const places = ["s", "t", sharedSpace(new Uint8Array(32))]
    .map((space, i) => ({ ...placeOf(i), space }));
  for (const place of places) await store.write(place, randomBytes(3), ENTRY);
  await store.erase("s");
  assertEquals(await store.entries(places), [undefined, ENTRY, ENTRY]);
  await store.erase(ALL_CALLERS);
  assertEquals(await store.entries(places), [undefined, undefined, ENTRY]);
  assertEquals((await listed(store)).sort(), [
    "h0 erased",
    "h1 erased",
    "h2",
  ]);
  store.close();
});

Deno.test("openKvStore() writes a block anew after it was erased", async () => {
  const store = await openKvStore(":memory:");
  await store.write(placeOf(0), randomBytes(3, 1), ENTRY);
  await store.erase("s");
  assert(await store.write(placeOf(0), randomBytes(3, 2), ENTRY));
  assertEquals(await store.entries([placeOf(0)]), [ENTRY]);
  assertEquals(await store.read(placeOf(0)), randomBytes(3, 2));
  store.close();
});

Deno.test("openKvStore() stops a write that an erasure overtakes", async () => {
  const store = await openKvStore(":memory:");
  const write = (isCurrent: () => boolean) =>
    store.write(placeOf(0), randomBytes(3), ENTRY, isCurrent);
  assert(!await write(() => false));
  for (const scope of ["s", ALL_CALLERS]) {
    const written = await write(() => {
      void store.erase(scope); // commits before the write does
      return true;
    });
    assert(!written, scope);
  }
  assertEquals(await listed(store), []);
  store.close();
});

Deno.test("openKvStore() does not revive an erased block by its use", async () => {
  const store = await openKvStore(":memory:");
  await store.write(placeOf(0), randomBytes(3), ENTRY);
  const touched = store.touch(placeOf(0), 9);
  for (let i = 0; i < 20; i++) {
    await store.erase("s");
    await store.touch(placeOf(0), 9);
  }
  await touched;
  assertEquals(await store.entries([placeOf(0)]), [undefined]);
  store.close();
});
