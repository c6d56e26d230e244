import { assertEquals, assertRejects } from "@std/assert";
import type { BlockStore } from "../../../lib/prefix/store/block_store.ts";
import { GuardedStore } from "../../../lib/prefix/store/guarded_store.ts";
import { newCounters } from "../../../lib/prefix/prefix_counters.ts";
import { placeOf } from "../_records.ts";

/** A store with the given reads. */
function storeThat(read: () => Promise<never>, onClose = () => {}): BlockStore {
  const never = () => Promise.reject(new Error("not expected"));
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

/** A guard of stores, with a clock to set. */
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

Deno.test("GuardedStore.call() is undefined if the store hangs or fails", async () => {
  for (const [how, name] of [[hang, "timeouts"], [fail, "failures"]] as const) {
    const { read, counters } = guarded(() => Promise.resolve(storeThat(how)));
    assertEquals(await read(), undefined);
    assertEquals(counters[name], 1);
  }
});

Deno.test("GuardedStore leaves a store alone for 30 seconds after five failures", async () => {
  let calls = 0;
  const { clock, read, look } = guarded(() =>
    Promise.resolve(storeThat(() => {
      calls++;
      return fail();
    }))
  );
  for (let i = 0; i < 9; i++) await read();
  assertEquals(calls, 5);
  assertEquals(await look(), undefined);
  clock.ms = 30_000;
  assertEquals(await look(), [], "it may answer again");
  await read();
  assertEquals(calls, 6);
});

Deno.test("GuardedStore tries a store with one call after leaving it alone", async () => {
  let calls = 0;
  const { clock, read, look } = guarded(() =>
    Promise.resolve(storeThat(() => {
      calls++;
      return fail();
    }))
  );
  for (let i = 0; i < 5; i++) await read();
  clock.ms = 29_999;
  await read();
  assertEquals(calls, 5);
  clock.ms = 30_000;
  await Promise.all([read(), read()]);
  assertEquals(calls, 6, "one of two");
  clock.ms = 59_999;
  await read();
  assertEquals(calls, 6, "it failed again");
  clock.ms = 60_000;
  assertEquals(await look(), []);
  for (let i = 0; i < 9; i++) await read();
  assertEquals(calls, 11, "an answer counts for five failures");
});

Deno.test("GuardedStore.tryCall() rejects with the reason", async () => {
  const { store } = guarded(() => Promise.resolve(storeThat(fail)));
  const read = () => store.tryCall((kv) => kv.read(placeOf(0)), 1);
  for (let i = 0; i < 5; i++) await assertRejects(read, Error, "no");
  await assertRejects(read, Error, "left alone for a while");
});

Deno.test("GuardedStore closes a connection after eight calls that hang", async () => {
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

Deno.test("GuardedStore does not count a call that ends late", async () => {
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

Deno.test("GuardedStore connects again after a failure to connect", async () => {
  let connections = 0;
  const { look } = guarded(() =>
    ++connections < 3 ? fail() : Promise.resolve(storeThat(fail))
  );
  assertEquals(await look(), undefined);
  assertEquals(await look(), undefined);
  assertEquals(await look(), []);
  assertEquals(connections, 3);
});

Deno.test("GuardedStore does not connect again once it is closed", async () => {
  let connections = 0;
  const { store, look } = guarded(() => {
    connections++;
    return Promise.resolve(storeThat(fail));
  });
  assertEquals(await look(), []);
  store.close();
  assertEquals([await look(), connections], [undefined, 1]);
});
