/**
 * Keeps prefix after prefix in blocks of SmolLM2's size; prints, in a line of JSON, by
 * how many bytes the process grew at most.
 *
 * Arguments are the cap in bytes, and how many prefixes.
 *
 * @module
 */

import { openPrefixCache } from "../../lib/prefix/open_prefix_cache.ts";
import { promptOf } from "./_toy_cache.ts";

const NUMBERS = 11_520;

const [cap, prefixes] = Deno.args.map(Number);
const { cache } = await openPrefixCache({
  mode: "memory",
  kv: "",
  memoryBytes: cap,
  storeBytes: 0,
  secret: new Uint8Array(32),
}, {
  fingerprint: "",
  bytesPerToken: NUMBERS * 4,
  computeMs: () => 1,
  now: Date.now,
});
const before = Deno.memoryUsage().rss;
let most = 0;
for (let i = 0; i < prefixes; i++) {
  const prompt = Int32Array.from(promptOf(33, i + 1));
  const lookup = await cache.lookup(prompt, { caller: "", salt: "" });
  await lookup.keep(
    prompt,
    () => Promise.resolve(new Float32Array(16 * NUMBERS).fill(i)),
  );
  lookup.prefilled();
  most = Math.max(most, Deno.memoryUsage().rss - before);
  await new Promise((resolve) => setTimeout(resolve));
}
console.log(JSON.stringify({ most, bytes: cache.counters.memoryBytes }));
