import { assertEquals } from "@std/assert";
import type { BlockStore } from "../../../lib/prefix/store/block_store.ts";
import { GuardedStore } from "../../../lib/prefix/store/guarded_store.ts";
import { newCounters } from "../../../lib/prefix/prefix_counters.ts";
import { placeOf } from "../_records.ts";

/** A store whose reads do as told. */
function storeThat(read: () => Promise<never>, onClose = () => {}): BlockStore {
  const never = () => Promise.reject(new Error("not asked for"));
  return {
    read,
    entries: () => Promise.resolve([]),
    write: never,
    list: never,
    touch: never,
    erase: never,
    remove: never,
    lease: never,
    close: onClose,
  };
}

/** A guard of stores that connect when asked, with a clock to set. */
function guarded(connect: () => Promise<BlockStore>) {
  const clock = { ms: 0 };
  const counters = newCounters();
  const store = new GuardedStore({ connect, counters, now: () => clock.ms });
  const read = (ms = 1) => store.call((kv) => kv.read(placeOf(0)), ms);
  const look = () => store.call((kv) => kv.entries([]), 1000);
  return { store, clock, counters, read, look };
}

const hang = () => new Promise<never>(() => {});
const fail = () => Promise.reject(new Error("no"));

Deno.test("GuardedStore finds nothing where a call hangs or fails", async () => {
  for (const [how, name] of [[hang, "timeouts"], [fail, "failures"]] as const) {
    const { read, counters } = guarded(() => Promise.resolve(storeThat(how)));
    assertEquals(await read(), undefined);
    assertEquals(counters[name], 1);
  }
});

Deno.test("GuardedStore leaves a store alone that fails five times", async () => {
  let asked = 0;
  const { clock, read, look } = guarded(() =>
    Promise.resolve(storeThat(() => {
      asked++;
      return fail();
    }))
  );
  for (let i = 0; i < 9; i++) await read();
  assertEquals(asked, 5);
  assertEquals(await look(), undefined);
  clock.ms = 30_000;
  assertEquals(await look(), [], "it may answer again");
  await read();
  assertEquals(asked, 6);
});

Deno.test("GuardedStore drops a connection with eight calls that hang", async () => {
  let connections = 0;
  let closed = 0;
  const { clock, read, look } = guarded(() => {
    connections++;
    return Promise.resolve(storeThat(hang, () => closed++));
  });
  for (let i = 0; i < 5; i++) await read();
  for (let i = 1; i <= 3; i++) {
    assertEquals([connections, closed], [1, 0]);
    clock.ms += 30_000;
    await read();
  }
  assertEquals(closed, 1);
  clock.ms += 30_000;
  assertEquals(await look(), []);
  assertEquals(connections, 2);
});

Deno.test("GuardedStore forgets a call that ends after all", async () => {
  const slow: ((error: Error) => void)[] = [];
  let closed = 0;
  const { clock, read } = guarded(() =>
    Promise.resolve(storeThat(
      () => new Promise((_, reject) => slow.push(reject)),
      () => closed++,
    ))
  );
  for (let i = 0; i < 20; i++) {
    await read();
    slow.pop()?.(new Error("late"));
    await Promise.resolve();
    clock.ms += 30_000;
  }
  assertEquals(closed, 0);
});

Deno.test("GuardedStore connects anew after it could not", async () => {
  let connections = 0;
  const { look } = guarded(() =>
    ++connections < 3 ? fail() : Promise.resolve(storeThat(fail))
  );
  assertEquals(await look(), undefined);
  assertEquals(await look(), undefined);
  assertEquals(await look(), []);
  assertEquals(connections, 3);
});
