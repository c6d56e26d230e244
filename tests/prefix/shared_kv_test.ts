/**
 * Several instances that share one KV server.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { openKvStore } from "../../lib/prefix/store/kv_store.ts";
import { type SharedKv, startSharedKv, TOKEN } from "./_shared_kv.ts";
import { BLOCK, plainText, promptOf, startToy } from "./_toy_cache.ts";

Deno.env.set("DENO_KV_ACCESS_TOKEN", TOKEN);

const HOUR = 3_600_000;
const PROMPT = promptOf(3 * BLOCK + 5);
const CACHE = { caller: "", salt: "" };
const KEEP = { cache: { ...CACHE, retention: "24h" as const } };

/** Calls that were given up end only with their server. */
const LOOSE = { sanitizeOps: false, sanitizeResources: false };

/** Counts the blocks that a server holds. */
async function storedBlocks({ url }: SharedKv): Promise<number> {
  const store = await openKvStore(url);
  const { length } = await store.list();
  store.close();
  return length;
}

Deno.test("two instances share what one of them computed", LOOSE, async () => {
  await using kv = await startSharedKv();
  using one = await startToy({ kv: kv.url });
  using other = await startToy({ kv: kv.url });
  const { tokens } = await one.ask(PROMPT, KEEP);
  await one.cache.idle();
  assertEquals(await other.ask(PROMPT), { tokens, cached: 3 * BLOCK });
  using stranger = await startToy({
    kv: kv.url,
    secret: new Uint8Array(32),
  });
  assertEquals((await stranger.ask(PROMPT)).cached, 0);
});

Deno.test(
  "a KV server that is restarted has what it had",
  LOOSE,
  async () => {
    await using kv = await startSharedKv();
    // Short, so that no request waits long for a server that is away.
    const options = { kv: kv.url, computeMs: 500 };
    using one = await startToy(options);
    using other = await startToy(options);
    const { tokens } = await one.ask(PROMPT, KEEP);
    await one.cache.idle();

    await kv.stop();
    const unknown = promptOf(3 * BLOCK + 5, 2);
    const meanwhile = await other.ask(unknown, KEEP);
    assertEquals(meanwhile, { tokens: await plainText(unknown), cached: 0 });

    await kv.start();
    assertEquals(await other.ask(PROMPT), { tokens, cached: 3 * BLOCK });
    await other.cache.idle();
    using third = await startToy(options);
    assertEquals(await third.ask(unknown), { ...meanwhile, cached: 3 * BLOCK });
  },
);

Deno.test(
  "a KV server keeps blocks for a day without use",
  LOOSE,
  async () => {
    await using kv = await startSharedKv();
    let hours = 10_000;
    const now = () => hours * HOUR;
    {
      using server = await startToy({ kv: kv.url, now });
      const retention = "in_memory";
      for (let i = 0; i < 3; i++) {
        await server.ask(promptOf(40, 2), { cache: { ...CACHE, retention } });
      }
      await server.ask(PROMPT, KEEP);
      await server.cache.idle();
    }
    assertEquals(await storedBlocks(kv), 3);
    for (const [later, cached] of [[23, 3 * BLOCK], [25, 0]]) {
      hours += later;
      using server = await startToy({ kv: kv.url, now });
      assertEquals((await server.ask(PROMPT)).cached, cached);
      await server.cache.idle();
    }
    assertEquals(await storedBlocks(kv), 0);
  },
);

Deno.test(
  "a KV server that refuses the token costs no answer, and the start reports it",
  LOOSE,
  async () => {
    await using kv = await startSharedKv();
    Deno.env.set("DENO_KV_ACCESS_TOKEN", `not ${TOKEN}`);
    try {
      using server = await startToy({ kv: kv.url });
      assert(server.about.includes("401 Unauthorized"), server.about);
      const tokens = await plainText(PROMPT);
      assertEquals(await server.ask(PROMPT, KEEP), { tokens, cached: 0 });
      assertEquals(await server.ask(PROMPT, KEEP), {
        tokens,
        cached: 3 * BLOCK,
      });
      await server.cache.idle();
      assertEquals(server.cache.counters.written, 0);
    } finally {
      Deno.env.set("DENO_KV_ACCESS_TOKEN", TOKEN);
    }
    assertEquals(await storedBlocks(kv), 0);
  },
);
