import { assertEquals } from "@std/assert";
import { temporaryFolder } from "./_folder.ts";
import { BLOCK, plainText, promptOf, startToy } from "./_toy_cache.ts";

const PROMPT = promptOf(3 * BLOCK + 5);
const KEEP = { cache: { caller: "", salt: "", retention: "24h" as const } };
const HOUR = 3_600_000;

/** Stores a prompt; returns what is found of it after each jump, in hours. */
async function foundAfter(...jumps: number[]): Promise<number[]> {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  let hours = 10_000;
  const now = () => hours * HOUR;
  const tokens = await plainText(PROMPT);
  {
    using server = await startToy({ kv, now });
    await server.ask(PROMPT, KEEP);
    await server.cache.idle();
  }
  const found: number[] = [];
  for (const jump of jumps) {
    hours += jump;
    using server = await startToy({ kv, now });
    const answer = await server.ask(PROMPT);
    await server.cache.idle();
    assertEquals(answer.tokens, tokens);
    found.push(answer.cached);
  }
  return found;
}

Deno.test("a clock that jumps ahead expires what was stored, and changes no text", async () => {
  assertEquals(await foundAfter(1, 22, 25), [48, 48, 0]);
});

Deno.test("a prompt that is read after every start does not expire", async () => {
  assertEquals(await foundAfter(20, 20, 20), [48, 48, 48]);
});

Deno.test("a clock that is set back expires nothing", async () => {
  assertEquals(await foundAfter(-9_000, 1), [48, 48]);
});
