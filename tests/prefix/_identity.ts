/**
 * The great claim: whether a prompt was computed, remembered or read from the store
 * changes no bit of any logit, drafted or not.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { Decoding } from "../../lib/worker/decoding.ts";
import { Drafting } from "../../lib/worker/drafting.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";
import type { Draft } from "../../lib/engine/generation.ts";
import { openPrefixCache } from "../../lib/prefix/open_prefix_cache.ts";
import type { PrefixCache } from "../../lib/prefix/prefix_cache.ts";
import { run } from "../bita/_run.ts";
import { temporaryFolder } from "./_folder.ts";
import { type KvModel, recorded } from "./_recorded.ts";

const GIB = 1 << 30;
const COST = { body: (rows: number) => 10 + rows, head: () => 1 };
const CACHE = { caller: "", salt: "", retention: "24h" } as const;

/** What is compared, and how. */
export interface Claim {
  model: KvModel;
  prompts: Int32Array[];
  draft: Draft;
  bytesPerToken: number;
  /** Tokens of an answer. @default 8 */
  maxTokens?: number;
  /** Whether bits depend on nothing but the text; if not, only hits are compared. */
  invariant: boolean;
}

/** Compares a cold, a warm and a restarted cache with none. */
export async function assertIdentical(
  { model, prompts, draft, bytesPerToken, maxTokens = 8, invariant }: Claim,
): Promise<void> {
  using folder = temporaryFolder();
  const settings = {
    mode: "kv" as const,
    kv: `${folder.path}/kv.sqlite`,
    memoryBytes: GIB,
    storeBytes: GIB,
    secret: new Uint8Array(32),
  };
  // Computing seems slow, so that reading always pays.
  const computeMs = () => 60_000;
  const parts = { fingerprint: "", bytesPerToken, computeMs, now: Date.now };
  const open = async () => (await openPrefixCache(settings, parts)).cache;
  const observed = recorded(model);

  const readAll = async (cache?: PrefixCache) => {
    const readings = [];
    let known = 0;
    for (const prompt of prompts) {
      // What drafts teach must not differ either.
      const scheduler = new Scheduler(observed, {
        partRows: invariant ? undefined : blockTokens,
      });
      const drafting = new Drafting({
        scheduler,
        cost: COST,
        adapter: { maskEmbeddings: new Float32Array() },
      });
      const decoding = new Decoding({
        model: observed,
        drafting,
        invariant,
        cache,
      });
      const { tokens, outputs } = await run(decoding.decode({
        prompt,
        sampling: GREEDY,
        maxTokens,
        endTokens: new Set(),
        draft,
        cache: CACHE,
      }));
      known += outputs[0].cached ?? 0;
      readings.push({ tokens, logits: observed.takeDigests() });
      // A pass on a software driver blocks this thread for longer than a write may take.
      await cache?.idle();
    }
    return { readings, known };
  };

  const cache = await open();
  const { blockTokens } = cache;
  const cold = await readAll(cache);
  const warm = await readAll(cache);
  await cache.idle();
  assertEquals(cache.counters.dropped, 0);
  cache.close();
  const restarted = await open();
  const read = await readAll(restarted);
  const { storeHits } = restarted.counters;
  restarted.close();

  const off = invariant ? (await readAll()).readings : cold.readings;
  assertEquals(cold.readings, off, "cold");
  assertEquals(warm.readings, off, "from memory");
  assertEquals(read.readings, off, "from the store");
  console.log(
    `${prompts.length} prompts; tokens known: cold ${cold.known}, ` +
      `warm ${warm.known}, restarted ${read.known}`,
  );
  assert(cold.known < warm.known && storeHits > prompts.length / 2);
  assertEquals(read.known, warm.known);
}

/** Makes prompts of 1 to 90 tokens out of texts; some begin as another does. */
export function somePrompts(
  count: number,
  textOf: (length: number, seed: number) => ArrayLike<number>,
): Int32Array[] {
  return Array.from({ length: count }, (_, i) => {
    const [length, shared] = [1 + (i * 37) % 90, (i * 29) % 70];
    const own = textOf(length, i + 1);
    const common = textOf(90, 1000 + i % 20);
    return Int32Array.from(own, (id, at) => at < shared ? common[at] : id);
  });
}
