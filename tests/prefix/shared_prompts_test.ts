import { assertEquals } from "@std/assert";
import { SharedPrompts } from "../../lib/prefix/shared_prompts.ts";
import { temporaryFolder } from "./_folder.ts";
import { BLOCK, promptOf, SECRET, startToy } from "./_toy_cache.ts";

const PROMPT = Int32Array.from(promptOf(3 * BLOCK + 5));
const KEPT = { salt: "", retention: "24h" as const };
const ALICE = { caller: "a", cache: { ...KEPT, caller: "a" } };
const BOB = { caller: "b", cache: { ...KEPT, caller: "b" } };

Deno.test("SharedPrompts places the beginnings of its prompts, and nothing else", () => {
  const prompts = new SharedPrompts({
    model: "m",
    secret: SECRET,
    blockTokens: BLOCK,
  });
  assertEquals(prompts.places(PROMPT), []);
  prompts.add(PROMPT.slice(0, 2 * BLOCK));
  const places = prompts.places(PROMPT);
  assertEquals(places.length, 2);
  assertEquals(prompts.places(PROMPT.slice(0, 2 * BLOCK - 1)).length, 1);
  const changed = (at: number) => PROMPT.with(at, PROMPT[at] + 1);
  assertEquals(prompts.places(changed(BLOCK)), [places[0]]);
  assertEquals(prompts.places(changed(0)), []);
});

Deno.test("the operator's prompts are found for all callers", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  const shared = PROMPT.slice(0, 40);
  const rounds = [
    { warmed: 0, one: "a", other: "b" },
    { warmed: 32, one: "c", other: "d" },
  ];
  for (const { warmed, one, other } of rounds) {
    using server = await startToy({ kv });
    await server.decoding.warm([shared]);
    assertEquals(server.cache.counters.storeHits * BLOCK, warmed);
    for (
      const [caller, cached] of [[one, 32], [one, 48], [other, 32]] as const
    ) {
      const answer = await server.ask(PROMPT, { caller });
      assertEquals(answer.cached, cached);
    }
    await server.cache.idle();
  }
});

Deno.test("the operator's prompts survive every erasure", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  const shared = PROMPT.slice(0, 40);
  {
    using server = await startToy({ kv });
    await server.decoding.warm([shared]);
    await server.ask(PROMPT, ALICE);
    await server.cache.idle();
    for (const caller of ["a", undefined]) {
      await server.cache.erase(caller);
      assertEquals((await server.ask(PROMPT, ALICE)).cached, 32);
    }
    await server.cache.erase();
  }
  using server = await startToy({ kv });
  await server.decoding.warm([shared]);
  assertEquals(server.cache.counters.storeHits, 2);
});

Deno.test("the operator's prompts are shared again once a request has computed them", async () => {
  using server = await startToy({ memoryBytes: 10 * 320 * 8 / 7 });
  await server.decoding.warm([PROMPT.slice(0, 40)]);
  for (let seed = 2; seed < 6; seed++) await server.ask(promptOf(53, seed));
  assertEquals((await server.ask(PROMPT, ALICE)).cached, 0, "evicted");
  assertEquals((await server.ask(PROMPT, BOB)).cached, 32);
});

Deno.test("a caller's blocks are shared only as far as the operator's prompt goes", async () => {
  using server = await startToy();
  await server.decoding.warm([PROMPT.slice(0, 20)]);
  await server.ask(PROMPT, ALICE);
  assertEquals((await server.ask(PROMPT, ALICE)).cached, 48);
  assertEquals((await server.ask(PROMPT, BOB)).cached, 16);
});
