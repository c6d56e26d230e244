/**
 * A remote KV that hangs or fails costs no answer. Its faults are tried at once, as each
 * takes seconds of waiting.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Health, startKvConnect } from "./_kv_connect.ts";
import { BLOCK, plainText, promptOf, startToy } from "./_toy_cache.ts";

Deno.env.set("DENO_KV_ACCESS_TOKEN", "twelve or more characters");

const PROMPT = promptOf(3 * BLOCK + 5);
const KEEP = { cache: { caller: "", salt: "", retention: "24h" as const } };

/** The ways in which a KV fails. */
const FAULTS: Health[] = ["silent", "unavailable", "slow"];

/** Calls that were given up end only with their server. */
const LOOSE = { sanitizeOps: false, sanitizeResources: false };

async function failLater(health: Health): Promise<void> {
  await using server = startKvConnect();
  using instance = await startToy({ kv: server.url, computeMs: 100 });
  server.health = health;
  for (let seed = 1; seed <= 12; seed++) {
    const prompt = promptOf(3 * BLOCK + 5, seed);
    const answer = await instance.ask(prompt, KEEP);
    const tokens = await plainText(prompt);
    assertEquals(answer, { tokens, cached: 0 }, health);
  }
  const { timeouts, failures } = instance.cache.counters;
  assert(timeouts + failures >= 5, health);
  assert(timeouts + failures <= 12, `${health}: the breaker opens`);
}

async function failFromTheStart(health: Health): Promise<void> {
  await using server = startKvConnect();
  server.health = health;
  const before = performance.now();
  using instance = await startToy({ kv: server.url, computeMs: 100 });
  assert(performance.now() - before < 10_000, health);
  assert(
    instance.about.includes("; it does not answer yet"),
    `${health}: ${instance.about}`,
  );
  const tokens = await plainText(PROMPT);
  assertEquals(await instance.ask(PROMPT), { tokens, cached: 0 });
  assertEquals(await instance.ask(PROMPT), { tokens, cached: 3 * BLOCK });
}

Deno.test(
  "a KV that fails later costs a little time, but no answer",
  LOOSE,
  () => settled(FAULTS.map(failLater)),
);

Deno.test(
  "a KV that fails from the start only delays the start",
  LOOSE,
  () => settled(FAULTS.map(failFromTheStart)),
);

/** Waits for all, the failed ones too, so that each server has stopped. */
async function settled(trials: Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(trials)) {
    if (result.status === "rejected") throw result.reason;
  }
}
