import { assert, assertEquals } from "@std/assert";
import { BlockHashes } from "../../lib/prefix/block_hashes.ts";
import { openKvStore } from "../../lib/prefix/store/kv_store.ts";
import { callerSpace } from "../../lib/prefix/namespace.ts";
import { BLOCK, plainText, promptOf, SECRET, startToy } from "./_toy_cache.ts";
import { temporaryFolder } from "./_folder.ts";

const PROMPT = promptOf(3 * BLOCK + 5);
const CACHE = { caller: "", salt: "" };
const KEEP = { cache: { ...CACHE, retention: "24h" as const } };

Deno.test("PrefixCache finds the whole blocks of a prompt that came before", async () => {
  using server = await startToy({ mode: "memory" });
  const first = await server.ask(PROMPT);
  const again = await server.ask(PROMPT);
  assertEquals([first.cached, again.cached], [0, 3 * BLOCK]);
  assertEquals(again.tokens, first.tokens);
});

Deno.test("PrefixCache never finds the last token of a prompt", async () => {
  using server = await startToy({ mode: "memory" });
  const prompt = PROMPT.slice(0, 2 * BLOCK);
  await server.ask(prompt);
  assertEquals((await server.ask(prompt)).cached, BLOCK);
  assertEquals((await server.ask(prompt.slice(0, 1))).cached, 0);
});

Deno.test("PrefixCache finds what prompts have in common", async () => {
  using server = await startToy({ mode: "memory" });
  await server.ask(PROMPT);
  const other = PROMPT.with(2 * BLOCK + 3, 11);
  assertEquals((await server.ask(other)).cached, 2 * BLOCK);
  assertEquals(
    (await server.ask(PROMPT.with(0, (PROMPT[0] + 1) % 12))).cached,
    0,
  );
});

Deno.test("PrefixCache finds answers, too, where bits do not depend on widths", async () => {
  for (const invariant of [true, false]) {
    using server = await startToy({ mode: "memory", invariant });
    const { tokens } = await server.ask(PROMPT, { maxTokens: 60 });
    const next = [...PROMPT, ...tokens, 1, 2, 3];
    const { cached } = await server.ask(next);
    const known = PROMPT.length + tokens.length;
    if (!invariant) assertEquals(cached, 3 * BLOCK);
    else assert(cached > known - 2 * BLOCK && cached < known, `${cached}`);
    assertEquals((await server.ask(next)).tokens, await plainText(next));
  }
});

Deno.test("a prompt is computed in the same blocks, hit or miss, where bits depend on widths", async () => {
  using server = await startToy({ mode: "memory", invariant: false });
  const { model } = server;
  await server.ask(PROMPT);
  await server.ask(PROMPT.with(2 * BLOCK + 1, 11));
  const widths = model.opened.map(({ steps }) =>
    steps.filter(({ start }) =>
      start < model.shape.softPrompt + PROMPT.length - 1
    )
      .map((
        { start, tokens },
      ) => [start - model.shape.softPrompt, tokens.length])
  );
  const cold = [[0, 16], [16, 16], [32, 16], [48, 4]];
  assertEquals(widths, [cold, cold.slice(2)]);
});

Deno.test("PrefixCache separates callers: the same one hits, another misses", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    const cache = { ...KEEP.cache, caller: "a" };
    await server.ask(PROMPT, { cache });
    assertEquals((await server.ask(PROMPT, { caller: "a" })).cached, 48);
    assertEquals((await server.ask(PROMPT, { caller: "b" })).cached, 0);
    await server.cache.idle();
  }
  for (const [caller, cached] of [["a", 48], ["b", 0]] as const) {
    using server = await startToy({ kv });
    assertEquals((await server.ask(PROMPT, { caller })).cached, cached);
  }
});

Deno.test("PrefixCache does the same work, whether another caller's prompt is cached or not", async () => {
  async function work(others: string[]) {
    using folder = temporaryFolder();
    using server = await startToy({ kv: `${folder.path}/kv.sqlite` });
    for (const caller of others) {
      await server.ask(PROMPT, { cache: { ...KEEP.cache, caller } });
    }
    await server.cache.idle();
    const before = { ...server.cache.counters };
    await server.ask(PROMPT, { caller: "b" });
    const { memoryBytes: _, storeBytes: __, ...counters } =
      server.cache.counters;
    const counted = Object.entries(counters)
      .map(([name, count]) => [name, count - before[name as "misses"]]);
    const steps = server.model.opened.at(-1)!.steps
      .map(({ start, tokens }) => [start, tokens.length]);
    return { counted, steps };
  }
  const never = await work([]);
  assertEquals(await work(["a"]), never);
  assert(never.steps.length > 0);
  assert(JSON.stringify(await work(["b"])) !== JSON.stringify(never));
});

Deno.test("PrefixCache refuses a record that was copied to another caller", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    await server.ask(PROMPT, { cache: { ...KEEP.cache, caller: "a" } });
    await server.cache.idle();
  }
  const [from, to] = ["a", "b"].map((caller) => {
    const space = callerSpace(SECRET, caller);
    const hashed = new BlockHashes({ model: "toy 1", space }, BLOCK);
    hashed.extend(Int32Array.from(PROMPT));
    return hashed.hashes.map((hash) => ({ model: "toy 1", space, hash }));
  });
  const store = await openKvStore(kv);
  const entries = await store.entries(from);
  for (const [i, place] of from.entries()) {
    await store.write(to[i], (await store.read(place))!, entries[i]!);
  }
  store.close();
  using server = await startToy({ kv });
  assertEquals((await server.ask(PROMPT, { caller: "b" })).cached, 0);
  assert(server.cache.counters.corrupt > 0);
  assertEquals((await server.ask(PROMPT, { caller: "a" })).cached, 48);
});

Deno.test("PrefixCache separates salts, and no salt leads to another caller", async () => {
  using server = await startToy({ mode: "memory" });
  const ask = (caller: string, salt: string) =>
    server.ask(PROMPT, { cache: { caller, salt } });
  await ask("a", "x");
  assertEquals((await ask("a", "x")).cached, 48);
  assertEquals((await ask("a", "y")).cached, 0);
  assertEquals((await ask("b", "x")).cached, 0);
});

Deno.test("PrefixCache finds after a restart what was stored, and only that", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  const [once, twice, kept, never] = [1, 2, 3, 4].map((seed) =>
    promptOf(40, seed)
  );
  const texts: number[][] = [];
  {
    using server = await startToy({ kv });
    for (const prompt of [once, twice, twice]) {
      texts.push((await server.ask(prompt)).tokens);
    }
    await server.ask(kept, KEEP);
    const retention = "in_memory";
    for (let i = 0; i < 3; i++) {
      await server.ask(never, { cache: { ...CACHE, retention } });
    }
    await server.cache.idle();
    assertEquals(server.cache.counters.written, 4);
  }
  using server = await startToy({ kv });
  const again = [];
  for (const prompt of [once, twice, kept, never]) {
    again.push(await server.ask(prompt));
  }
  assertEquals(again.map(({ cached }) => cached), [0, 32, 32, 0]);
  assertEquals(again[1].tokens, texts[1]);
  assertEquals(server.cache.counters.storeHits, 4);
});

Deno.test("PrefixCache stores the beginning of a prompt before its end", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    await server.ask(promptOf(200), KEEP);
    while (server.cache.counters.written < 3) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  using server = await startToy({ kv });
  const { cached } = await server.ask(promptOf(200));
  assert(cached >= 3 * BLOCK, `${cached}`);
});

Deno.test("PrefixCache reads nothing from the store that is computed faster", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    await server.ask(PROMPT, KEEP);
    await server.cache.idle();
  }
  using quick = await startToy({ kv, computeMs: 0 });
  assert(quick.about.endsWith("not read, as computing is faster"), quick.about);
  assertEquals((await quick.ask(PROMPT)).cached, 0);
  assertEquals(quick.cache.counters.timeouts, 0, "the store is not called");
});

Deno.test("PrefixCache computes a prompt once for all requests that come together", async () => {
  using server = await startToy({ mode: "memory" });
  const asked = Array.from({ length: 4 }, () => server.ask(PROMPT));
  const answers = await Promise.all(asked);
  assertEquals(answers.map(({ cached }) => cached), [0, 48, 48, 48]);
  for (const { tokens } of answers) assertEquals(tokens, answers[0].tokens);
});

Deno.test("PrefixCache computes a prompt for the second request if the first is aborted", async () => {
  using server = await startToy({ mode: "memory" });
  const signal = AbortSignal.abort(new Error("aborted"));
  const first = server.ask(PROMPT, { signal }).catch(() => undefined);
  const second = server.ask(PROMPT);
  assertEquals(await first, undefined);
  assertEquals((await second).tokens, await plainText(PROMPT));
});

Deno.test("PrefixCache counts hits, misses, writes and bytes", async () => {
  using folder = temporaryFolder();
  using server = await startToy({ kv: `${folder.path}/kv.sqlite` });
  await server.ask(PROMPT, KEEP);
  await server.cache.idle();
  await server.ask(PROMPT, KEEP);
  const { counters } = server.cache;
  assertEquals(counters.misses, 3);
  assertEquals(counters.memoryHits, 3);
  assertEquals(counters.written, 3);
  assertEquals(counters.memoryBytes, 3 * BLOCK * 20);
  assert(counters.storeBytes > counters.memoryBytes);
});
