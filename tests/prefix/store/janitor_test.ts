import { assertEquals } from "@std/assert";
import { GuardedStore } from "../../../lib/prefix/store/guarded_store.ts";
import { Janitor } from "../../../lib/prefix/store/janitor.ts";
import { openKvStore } from "../../../lib/prefix/store/kv_store.ts";
import { newCounters } from "../../../lib/prefix/prefix_counters.ts";
import { temporaryFolder } from "../_folder.ts";
import { placeOf, randomBytes } from "../_records.ts";

const HOUR = 3_600_000;
const KIB = 1 << 10;

/** A database of four blocks of 10 KiB, used an hour apart, and janitors of it. */
async function twoJanitors(path: string) {
  const clock = { ms: 1000 * HOUR };
  const kv = await openKvStore(path);
  for (let i = 0; i < 4; i++) {
    const time = clock.ms - i * HOUR;
    const entry = { bytes: 10 * KIB, depth: 0, created: time, used: time };
    await kv.write(placeOf(i), randomBytes(10 * KIB), entry);
  }
  const janitor = (owner: string, capBytes: number) => {
    const counters = newCounters();
    const store = new GuardedStore({
      connect: () => openKvStore(path),
      counters,
      now: () => clock.ms,
    });
    const now = () => clock.ms;
    return {
      janitor: new Janitor({ store, counters, capBytes, owner, now }),
      counters,
      store,
    };
  };
  const left = async () =>
    (await kv.list()).map(({ place }) => place.hash).sort().join(" ");
  return { janitor, left, kv, clock };
}

Deno.test("Janitor removes the least recently used to make room", async () => {
  using folder = temporaryFolder();
  const { janitor, left, kv } = await twoJanitors(`${folder.path}/kv`);
  const one = janitor("one", 30 * KIB);
  one.janitor.noteUse(placeOf(3));
  await one.janitor.sweep();
  assertEquals(await left(), "h0 h3");
  assertEquals(one.counters.storeEvictions, 2);
  assertEquals(one.counters.storeBytes, 20 * KIB);
  one.store.close();
  kv.close();
});

Deno.test("Janitor removes nothing while another has the lease, but counts", async () => {
  using folder = temporaryFolder();
  const { janitor, left, kv, clock } = await twoJanitors(`${folder.path}/kv`);
  const one = janitor("one", 35 * KIB);
  const other = janitor("other", 10 * KIB);
  await one.janitor.sweep();
  await other.janitor.sweep();
  assertEquals(await left(), "h0 h1 h2");
  assertEquals(other.counters.storeBytes, 30 * KIB);
  clock.ms += 120_000;
  await other.janitor.sweep();
  assertEquals(await left(), "", "10 KiB is more than 90 % of 10 KiB");
  one.store.close();
  other.store.close();
  kv.close();
});

Deno.test("Janitor sweeps as soon as too much was written", async () => {
  using folder = temporaryFolder();
  const { janitor, left, kv } = await twoJanitors(`${folder.path}/kv`);
  const one = janitor("one", 35 * KIB);
  await one.janitor.noteWrite(35 * KIB);
  assertEquals(await left(), "h0 h1 h2 h3");
  await one.janitor.noteWrite(1);
  assertEquals(await left(), "h0 h1 h2");
  one.store.close();
  kv.close();
});
