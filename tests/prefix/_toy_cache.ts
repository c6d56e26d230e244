/**
 * The real cache with the toy model, which detects any wrong key or value.
 *
 * @module
 */

import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { Decoding, type DecodingOptions } from "../../lib/worker/decoding.ts";
import { Drafting } from "../../lib/worker/drafting.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";
import { openPrefixCache } from "../../lib/prefix/open_prefix_cache.ts";
import type { PrefixSettings } from "../../lib/prefix/open_prefix_cache.ts";
import type { PrefixCache } from "../../lib/prefix/prefix_cache.ts";
import { run } from "../bita/_run.ts";
import { ToyModel } from "../toy/model.ts";

/** Tokens of a block. */
export const BLOCK = 16;

/** The default secret. */
export const SECRET = new Uint8Array(32).fill(1);

/** Bytes of a token's keys and values in the toy. */
const BYTES = 20;

const MIB = 1 << 20;

/** How to start a server. */
export interface ToyServerOptions extends Partial<PrefixSettings> {
  model?: ToyModel;
  /** Whether the toy claims that bits do not depend on the width of a pass. */
  invariant?: boolean;
  /** Claimed milliseconds to compute a block; many, so that reading pays. */
  computeMs?: number;
  now?: () => number;
  /** A cache to decode with, instead of one that is opened. */
  cache?: PrefixCache;
}

/** A cache, and decoding with it; leaving its scope closes it. */
export interface ToyServer extends Disposable {
  model: ToyModel;
  cache: PrefixCache;
  about: string;
  decoding: Decoding;
  /** Continues a prompt greedily. */
  ask(prompt: ArrayLike<number>, options?: AskOptions): Promise<Answer>;
}

/** How a prompt is continued. */
export type AskOptions = Partial<DecodingOptions> & { caller?: string };

/** A text, and how many tokens of its prompt were found in the cache. */
export interface Answer {
  tokens: number[];
  cached: number;
}

/** Starts a toy with a cache, which has a store only if `kv` is set. */
export async function startToy(
  {
    model = new ToyModel({ context: 400 }),
    invariant = true,
    computeMs = 10_000,
    now = Date.now,
    cache: made,
    ...settings
  }: ToyServerOptions = {},
): Promise<ToyServer> {
  const { cache, about } = made
    ? { cache: made, about: "" }
    : await openPrefixCache({
      mode: settings.kv === undefined ? "memory" : "kv",
      kv: "",
      memoryBytes: 16 * MIB,
      storeBytes: 64 * MIB,
      secret: SECRET,
      ...settings,
    }, {
      fingerprint: `toy ${model.seed}`,
      bytesPerToken: BYTES,
      computeMs: () => computeMs,
      now,
    });
  const cost = { body: () => 1, head: () => 1 };
  const scheduler = new Scheduler(model, {
    partRows: invariant ? undefined : cache.blockTokens,
  });
  const drafting = new Drafting({
    scheduler,
    cost,
    adapter: { maskEmbeddings: new Float32Array() },
  });
  const decoding = new Decoding({ model, drafting, invariant, cache });
  return {
    model,
    cache,
    about,
    decoding,
    async ask(prompt, { caller = "", ...options } = {}) {
      const outputs = decoding.decode({
        prompt: Int32Array.from(prompt),
        sampling: GREEDY,
        maxTokens: 8,
        endTokens: new Set(),
        draft: "bita",
        cache: { caller, salt: "" },
        ...options,
      });
      const { tokens, outputs: all } = await run(outputs);
      return { tokens, cached: all[0].cached ?? 0 };
    },
    [Symbol.dispose]: () => cache.close(),
  };
}

/** Returns the text that the toy writes with an empty cache. */
export async function plainText(
  prompt: ArrayLike<number>,
  options: AskOptions = {},
): Promise<number[]> {
  using server = await startToy({ mode: "memory" });
  return (await server.ask(prompt, options)).tokens;
}

/** Returns a random prompt, always the same for a seed. */
export function promptOf(length: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 12345;
    return (state >>> 16) % 12;
  });
}
