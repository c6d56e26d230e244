/**
 * Many steps of several callers with a store that fails at random: no text changes, no
 * caller finds what is another's, and nothing is found that was erased.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { uniform } from "../../lib/bita/choose/random.ts";
import { PrefixCache } from "../../lib/prefix/prefix_cache.ts";
import { newCounters } from "../../lib/prefix/prefix_counters.ts";
import { BlockSealer } from "../../lib/prefix/store/block_sealer.ts";
import { GuardedStore } from "../../lib/prefix/store/guarded_store.ts";
import { Janitor } from "../../lib/prefix/store/janitor.ts";
import { StoredBlocks } from "../../lib/prefix/store/stored_blocks.ts";
import { faultyStore } from "./_faulty_store.ts";
import { BLOCK, plainText, promptOf, SECRET, startToy } from "./_toy_cache.ts";

const SEEDS = 5;
const STEPS = 100;
const CALLERS = ["a", "b", "c"];

/** Bytes of a block's keys and values in the toy. */
const BLOCK_BYTES = 20 * BLOCK;

/** Opens a cache whose memory holds a few blocks, before a store. */
function openCache(
  store: GuardedStore,
  { counters, now }: {
    counters: ReturnType<typeof newCounters>;
    now: () => number;
  },
): PrefixCache {
  const computeMs = 10_000;
  const capBytes = 1 << 20;
  const janitor = new Janitor({ store, counters, capBytes, owner: "o", now });
  const stored = new StoredBlocks({
    store,
    sealer: new BlockSealer(SECRET),
    janitor,
    counters,
    now,
    read: { baseMs: 0, blockMs: 0 },
    computeMs,
    queueBytes: capBytes,
  });
  return new PrefixCache({
    model: "toy",
    secret: SECRET,
    blockTokens: BLOCK,
    blockBytes: BLOCK_BYTES,
    memoryBytes: 6 * BLOCK_BYTES,
    stored,
    computeMs,
    counters,
  });
}

/** What all steps have come to. */
const seen = { hits: 0, corrupt: 0, erased: 0, faults: new Set<string>() };

async function simulate(seed: number): Promise<void> {
  let drawn = 0, clock = 0;
  const draw = (most: number) => Math.floor(uniform(seed, drawn++) * most);
  const { store: kv, faults } = faultyStore(1000 + seed);
  const counters = newCounters();
  const store = new GuardedStore({
    connect: () => Promise.resolve(kv),
    counters,
    now: () => clock,
  });
  const cache = openCache(store, { counters, now: () => clock });
  using server = await startToy({ cache });
  const plain = new Map<string, number[]>();
  /** For each caller, the beginnings of prompts that it may find. */
  const own = new Map(CALLERS.map((caller) => [caller, new Set<string>()]));
  const beginning = (prompt: number[]) => prompt.slice(0, BLOCK).join();

  for (let step = 0; step < STEPS; step++) {
    clock += draw(8_000);
    const caller = CALLERS[draw(CALLERS.length)];
    if (draw(20) === 0) {
      const { failure } = await cache.erase(caller);
      if (failure !== undefined) continue;
      own.get(caller)!.clear();
      seen.erased++;
      continue;
    }
    const base = promptOf(5 * BLOCK, draw(5));
    const prompt = draw(2) ? base : base.with(draw(base.length), draw(12));
    const key = prompt.join();
    if (!plain.has(key)) plain.set(key, await plainText(prompt));
    const retention = draw(2) ? "24h" as const : undefined;
    const { tokens, cached } = await server.ask(prompt, {
      cache: { caller, salt: "", ...retention && { retention } },
    });
    const where = `seed ${seed}, step ${step}`;
    assertEquals(tokens, plain.get(key), where);
    assert(cached === 0 || own.get(caller)!.has(beginning(prompt)), where);
    own.get(caller)!.add(beginning(prompt));
    if (cached > 0) seen.hits++;
  }
  await cache.idle();
  seen.corrupt += counters.corrupt;
  for (const fault of faults.keys()) seen.faults.add(fault);
}

Deno.test(`a store that fails at random changes no text in ${SEEDS * STEPS} steps`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await simulate(seed);
  console.log(seen);
  assert(seen.hits > 50 && seen.corrupt > 10 && seen.erased > 10);
  assertEquals(seen.faults.size, 7);
});
