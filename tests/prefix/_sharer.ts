/**
 * Serves toy prompts from a database that other processes use, too, for some
 * milliseconds; then prints a line of JSON, {@linkcode Shared}.
 *
 * Arguments are the database, the milliseconds, and a number to distinguish sharers.
 *
 * @module
 */

import { plainText, promptOf, startToy } from "./_toy_cache.ts";

/** Results of a sharer. */
export interface Shared {
  answers: number;
  /** Wrong answers. */
  wrong: number;
  /** Blocks read, whichever process wrote them. */
  storeHits: number;
  written: number;
  failures: number;
  corrupt: number;
}

const [kv, ms, which] = Deno.args;
const PROMPTS = 40;
const cache = { caller: "", salt: "", retention: "24h" as const };
const right: number[][] = [];
for (let i = 0; i < PROMPTS; i++) right.push(await plainText(promptOf(60, i)));
const found: Shared = {
  answers: 0,
  wrong: 0,
  storeHits: 0,
  written: 0,
  failures: 0,
  corrupt: 0,
};
const end = performance.now() + Number(ms);
for (let turn = Number(which); performance.now() < end; turn++) {
  // Fresh memory each time, so that the database is read.
  using server = await startToy({ kv });
  for (let i = 0; i < 4; i++) {
    const index = (turn * 7 + i * 11) % PROMPTS;
    const { tokens } = await server.ask(promptOf(60, index), { cache });
    if (tokens.join() !== right[index].join()) found.wrong++;
    found.answers++;
  }
  await server.cache.idle();
  if (turn % 3 === 0) await server.cache.erase();
  const { counters } = server.cache;
  found.storeHits += counters.storeHits;
  found.written += counters.written;
  found.failures += counters.failures;
  found.corrupt += counters.corrupt;
}
console.log(JSON.stringify(found));
Deno.exit();
