/**
 * Erasing prompts: at once and for good, whatever is in progress, or with a failure.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { callerSpace } from "../../lib/prefix/namespace.ts";
import { openKvStore } from "../../lib/prefix/store/kv_store.ts";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { temporaryFolder } from "./_folder.ts";
import { type Health, startKvConnect } from "./_kv_connect.ts";
import { BLOCK, promptOf, SECRET, startToy } from "./_toy_cache.ts";

Deno.env.set("DENO_KV_ACCESS_TOKEN", "twelve or more characters");

const PROMPT = Int32Array.from(promptOf(3 * BLOCK + 5));
const KEPT = { salt: "", retention: "24h" as const };
const ALICE = { caller: "a", cache: { ...KEPT, caller: "a" } };
const BOB = { caller: "b", cache: { ...KEPT, caller: "b" } };

/** Calls that were given up end only with their server. */
const LOOSE = { sanitizeOps: false, sanitizeResources: false };

/** Lists what is in a store, erased or not. */
async function stored(kv: string) {
  const store = await openKvStore(kv);
  const blocks = await store.list();
  store.close();
  return blocks;
}

/** Returns how much of the prompt each caller finds after a restart. */
async function found(kv: string): Promise<number[]> {
  using server = await startToy({ kv });
  const counts = [];
  for (const { caller } of [ALICE, BOB]) {
    counts.push((await server.ask(PROMPT, { caller })).cached);
  }
  return counts;
}

Deno.test("erase() erases one caller, or all of them, and frees the store", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    for (const one of [ALICE, BOB]) await server.ask(PROMPT, one);
    await server.cache.idle();
    const erased = { blocks: 6, failure: undefined };
    assertEquals(await server.cache.erase("a"), erased);
    await server.cache.idle();
    assertEquals((await stored(kv)).length, 3);
    assertEquals((await server.ask(PROMPT, ALICE)).cached, 0);
    assertEquals((await server.ask(PROMPT, BOB)).cached, 48);
    await server.cache.idle();
    assertEquals(await server.cache.erase("a"), erased, "what came later");
  }
  assertEquals(await found(kv), [0, 48]);
  {
    using server = await startToy({ kv });
    assert((await server.cache.erase()).blocks >= 3);
  }
  assertEquals(await found(kv), [0, 0]);
});

Deno.test("what is computed after an erasure is stored again, before and after a sweep", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    for (let round = 0; round < 5; round++) {
      await server.ask(PROMPT, ALICE);
      await server.cache.erase("a");
      if (round % 2) await server.cache.idle();
    }
    await server.cache.idle();
    await server.ask(PROMPT, ALICE);
    await server.cache.idle();
  }
  assertEquals(await found(kv), [48, 0]);
});

Deno.test("erase() waits for no prefill, and drops what waits to be written", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    const prefill = await server.cache.lookup(promptOf40(), ALICE.cache);
    for (const one of [ALICE, BOB]) await server.ask(PROMPT, one);
    assertEquals(server.cache.counters.written, 0);
    assertEquals((await server.cache.erase("a")).blocks, 3);
    assertEquals(server.cache.counters.written, 0, "the prefill goes on");
    prefill.prefilled();
    await server.cache.idle();
    assertEquals(server.cache.counters.written, 3);
  }
  assertEquals(await found(kv), [0, 48]);
});

function promptOf40(): Int32Array {
  return Int32Array.from(promptOf(40, 2));
}

Deno.test("a write in progress does not survive an erasure", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  for (let microtasks = 0; microtasks < 40; microtasks += 5) {
    using server = await startToy({ kv });
    await server.ask(PROMPT, ALICE);
    for (let i = 0; i < microtasks; i++) await Promise.resolve();
    const { failure } = await server.cache.erase("a");
    assertEquals(failure, undefined);
    await server.cache.idle();
    const left = (await stored(kv)).filter(({ erased }) => !erased);
    assertEquals(left, [], `erased after ${microtasks} microtasks`);
  }
});

for (const scope of ["a", undefined]) {
  Deno.test(`a request in progress keeps nothing that was erased, scope ${scope}`, async () => {
    using folder = temporaryFolder();
    const kv = `${folder.path}/kv.sqlite`;
    {
      using server = await startToy({ kv });
      const outputs = server.decoding.decode({
        prompt: PROMPT,
        sampling: GREEDY,
        maxTokens: 40,
        endTokens: new Set(),
        draft: "none",
        cache: ALICE.cache,
      });
      await outputs.next();
      await server.cache.erase(scope);
      await Array.fromAsync(outputs);
      await server.cache.idle();
      assertEquals(server.cache.counters.memoryBytes, 0);
      assertEquals((await server.ask(PROMPT, { caller: "a" })).cached, 0);
    }
    assertEquals(await found(kv), [0, 0]);
  });
}

Deno.test("an erasure of another caller's blocks does not affect a request in progress", async () => {
  using server = await startToy();
  const lookup = await server.cache.lookup(PROMPT, ALICE.cache);
  await server.cache.erase("b");
  await lookup.keep(PROMPT, () => Promise.resolve(new Float32Array(80)));
  lookup.prefilled();
  assertEquals(server.cache.counters.memoryBytes, 3 * 320);
});

Deno.test("a block that is read during its erasure is not kept", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    await server.ask(PROMPT, ALICE);
    await server.cache.idle();
  }
  using server = await startToy({ kv });
  const lookup = server.cache.lookup(PROMPT, ALICE.cache);
  await server.cache.erase("a");
  (await lookup).prefilled();
  assertEquals(server.cache.counters.memoryBytes, 0);
});

Deno.test("an erasure before a crash is whole, and the next start frees the space", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    for (const one of [ALICE, BOB]) await server.ask(PROMPT, one);
    await server.cache.idle();
  }
  const store = await openKvStore(kv);
  await store.erase(callerSpace(SECRET, "a"));
  store.close(); // before anything is removed
  assertEquals((await stored(kv)).map(({ erased }) => erased).sort(), [
    ...Array(3).fill(false),
    ...Array(3).fill(true),
  ]);
  assertEquals(await found(kv), [0, 48]);
  assertEquals((await stored(kv)).length, 3);
});

Deno.test("instances that share a store do not read what one of them erased", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  using one = await startToy({ kv });
  await one.ask(PROMPT, ALICE);
  await one.cache.idle();
  using other = await startToy({ kv });
  await one.cache.erase("a");
  assertEquals((await other.ask(PROMPT, { caller: "a" })).cached, 0);
});

for (const health of ["silent", "unavailable"] as Health[]) {
  Deno.test(
    `erase() fails where the store is ${health}, and erases memory all the same`,
    LOOSE,
    async () => {
      await using server = startKvConnect();
      using instance = await startToy({ kv: server.url, computeMs: 500 });
      await instance.ask(PROMPT, ALICE);
      await instance.cache.idle();
      server.health = health;
      for (let time = 0; time < 7; time++) {
        const before = performance.now();
        const { blocks, failure } = await instance.cache.erase("a");
        assert(performance.now() - before < 5_000, "by its own deadline");
        assertEquals(blocks, time === 0 ? 3 : 0);
        assertMatch(failure!, time < 5 ? /in time/ : /left alone/);
      }
      assertEquals(instance.cache.counters.memoryBytes, 0);
    },
  );
}

Deno.test("erase() fails where the store could not be opened", async () => {
  using server = await startToy({ kv: "/proc/read-only/kv.sqlite" });
  await server.ask(PROMPT, ALICE);
  const { blocks, failure } = await server.cache.erase("a");
  assertEquals(blocks, 3);
  assertMatch(failure!, /os error/);
});
