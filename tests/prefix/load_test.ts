/**
 * The cache under load.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Lookup } from "../../lib/prefix/lookup.ts";
import { temporaryFolder } from "./_folder.ts";
import { BLOCK, promptOf, startToy } from "./_toy_cache.ts";

const CLIENTS = 16;
const CACHE = { caller: "", salt: "", retention: "24h" as const };

/** Draws a prompt of two blocks and some tokens more. */
function promptWith(seed: number): Int32Array {
  return Int32Array.from(promptOf(2 * BLOCK + 5, seed));
}

Deno.test("blocks reach the store while 16 clients always have a prompt in prefill", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  const prefills: Lookup[] = [];
  {
    using server = await startToy({ kv });
    const { cache } = server;
    for (let seed = 1; seed < 2000 && cache.counters.written < 2; seed++) {
      const prompt = promptWith(seed);
      const lookup = await cache.lookup(prompt, CACHE);
      prefills.push(lookup);
      await lookup.keep(prompt, () => Promise.resolve(new Float32Array(80)));
      if (prefills.length > CLIENTS) prefills.shift()!.prefilled();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert(cache.counters.written >= 2, "after 10 seconds");
    assertEquals(prefills.length, CLIENTS);
    for (const lookup of prefills) lookup.prefilled();
  }
  using server = await startToy({ kv });
  const lookup = await server.cache.lookup(promptWith(1), CACHE);
  lookup.prefilled();
  assertEquals(lookup.found.length, 2);
});
