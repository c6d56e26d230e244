import { assert, assertEquals } from "@std/assert";
import { RateLimiter } from "../../lib/access/rate_limiter.ts";
import { SharedBuckets } from "../../lib/access/shared_buckets.ts";
import { newCounters } from "../../lib/prefix/prefix_counters.ts";
import { GuardedStore } from "../../lib/prefix/store/guarded_store.ts";
import { openKvValues } from "../../lib/prefix/store/kv_store.ts";
import type { ValueStore } from "../../lib/prefix/store/value_store.ts";

const LIMITS = { requests: 20, tokens: 1000 };

/** Makes a server that counts in a KV, which others may share. */
function server(connect: () => Promise<ValueStore>, word = "secret") {
  const store = new GuardedStore({
    connect,
    counters: newCounters(),
    now: () => 0,
  });
  const secret = Promise.resolve(new TextEncoder().encode(word));
  const buckets = new SharedBuckets({ store, secret });
  return {
    limiter: new RateLimiter({ store: buckets, now: () => 0 }),
    [Symbol.dispose]: () => store.close(),
  };
}

/** Asks often at once; returns how many requests were admitted. */
async function admitted(limiter: RateLimiter, caller: string, times: number) {
  const asked = Array.from(
    { length: times },
    () => limiter.admit(caller, LIMITS),
  );
  const all = await Promise.all(asked);
  return all.filter(({ refused }) => !refused).length;
}

Deno.test("servers that share a KV share limits, whatever comes at once", async () => {
  const folder = await Deno.makeTempDir();
  const connect = () => openKvValues(`${folder}/kv.sqlite`);
  {
    using a = server(connect);
    using b = server(connect);
    const counts = await Promise.all([
      admitted(a.limiter, "alice", 15),
      admitted(b.limiter, "alice", 15),
      admitted(b.limiter, "bob", 5),
    ]);
    assertEquals(counts[0] + counts[1], LIMITS.requests);
    assertEquals(counts[2], 5);
    await a.limiter.charge("bob", LIMITS, 1500);
    const { refused } = await b.limiter.admit("bob", LIMITS);
    assertEquals(refused?.kind, "tokens");
    // Names in the KV derive from the secret: they show no key, and no other server's.
    using stranger = server(connect, "another");
    assertEquals(await admitted(stranger.limiter, "alice", 1), 1);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a KV that fails stops no request, and a server counts by itself from what it knew", async () => {
  let down = false;
  const values = new Map<string, unknown>();
  const connect = (): Promise<ValueStore> =>
    Promise.resolve({
      get(name) {
        if (down) throw new Error("the KV is down");
        return Promise.resolve({ value: values.get(name), version: null });
      },
      set: (name, value) => Promise.resolve(Boolean(values.set(name, value))),
      close() {},
    });
  using it = server(connect);
  assertEquals(await admitted(it.limiter, "alice", 15), 15);
  down = true;
  assertEquals(await admitted(it.limiter, "alice", 15), 5);
  assertEquals(await admitted(it.limiter, "bob", 30), LIMITS.requests);
  await it.limiter.charge("carol", LIMITS, 2000);
  assertEquals(await admitted(it.limiter, "carol", 1), 0);
  down = false;
  assertEquals(await admitted(it.limiter, "alice", 15), 5);
});

Deno.test("a value that is no bucket counts as none", async () => {
  const names: string[] = [];
  const connect = (): Promise<ValueStore> =>
    Promise.resolve({
      get: () => Promise.resolve({ value: { at: "now" }, version: null }),
      set: (name) => Promise.resolve(names.push(name) > 0),
      close() {},
    });
  using it = server(connect);
  assertEquals(await admitted(it.limiter, "alice", 3), 3);
  assert(!names.join().includes("alice"));
});
