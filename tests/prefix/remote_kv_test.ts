/**
 * A remote KV that hangs or fails costs no answer.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Health, startKvConnect } from "./_kv_connect.ts";
import { BLOCK, plainText, promptOf, startToy } from "./_toy_cache.ts";

Deno.env.set("DENO_KV_ACCESS_TOKEN", "twelve or more characters");

const PROMPT = promptOf(3 * BLOCK + 5);
const KEEP = { cache: { caller: "", salt: "", retention: "24h" as const } };

/** Calls that were given up end only with their server. */
const LOOSE = { sanitizeOps: false, sanitizeResources: false };

for (const health of ["silent", "unavailable", "slow"] as Health[]) {
  Deno.test(
    `a KV that is ${health} costs a little time, but no answer`,
    LOOSE,
    async () => {
      await using server = startKvConnect();
      using instance = await startToy({ kv: server.url, computeMs: 100 });
      server.health = health;
      for (let seed = 1; seed <= 12; seed++) {
        const prompt = promptOf(3 * BLOCK + 5, seed);
        const answer = await instance.ask(prompt, KEEP);
        const tokens = await plainText(prompt);
        assertEquals(answer, { tokens, cached: 0 });
      }
      const { timeouts, failures } = instance.cache.counters;
      assert(timeouts + failures >= 5);
      assert(timeouts + failures <= 12, "the breaker opens");
    },
  );

  Deno.test(
    `a KV that is ${health} from the start only delays the start`,
    LOOSE,
    async () => {
      await using server = startKvConnect();
      server.health = health;
      const before = performance.now();
      using instance = await startToy({ kv: server.url, computeMs: 100 });
      assert(performance.now() - before < 10_000);
      assert(
        instance.about.includes("; it does not answer yet"),
        instance.about,
      );
      const tokens = await plainText(PROMPT);
      assertEquals(await instance.ask(PROMPT), { tokens, cached: 0 });
      assertEquals(await instance.ask(PROMPT), { tokens, cached: 3 * BLOCK });
    },
  );
}
