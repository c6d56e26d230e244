import { assertEquals } from "@std/assert";
import { temporaryFolder } from "./_folder.ts";
import { BLOCK, plainText, promptOf, startToy } from "./_toy_cache.ts";

const PROMPT = promptOf(3 * BLOCK + 5);
const KEEP = { cache: { caller: "", salt: "", retention: "24h" as const } };
const HOUR = 3_600_000;

/** Stores a prompt, then starts anew when the clock has jumped so many hours. */
async function knownAfter(...jumps: number[]): Promise<number[]> {
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
  const known: number[] = [];
  for (const jump of jumps) {
    hours += jump;
    using server = await startToy({ kv, now });
    const answer = await server.ask(PROMPT);
    await server.cache.idle();
    assertEquals(answer.tokens, tokens);
    known.push(answer.cached);
  }
  return known;
}

Deno.test("a clock that jumps ahead ends what was stored, and nothing else", async () => {
  assertEquals(await knownAfter(1, 22, 25), [48, 48, 0]);
});

Deno.test("what every start reads again lives on", async () => {
  assertEquals(await knownAfter(20, 20, 20), [48, 48, 48]);
});

Deno.test("a clock that is set back ends nothing", async () => {
  assertEquals(await knownAfter(-9_000, 1), [48, 48]);
});
