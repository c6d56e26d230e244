/**
 * Decoding behind the cache: a prompt begins with what is known of it, and what it
 * teaches is kept.
 *
 * @module
 */

import type { DecodeOutput } from "../bita/decode/output.ts";
import { GREEDY } from "../bita/choose/sampling.ts";
import type { DraftedOptions, Drafting } from "./drafting.ts";
import type { CacheHints } from "../prefix/cache_hints.ts";
import { cachedModel, type KvModel } from "../prefix/cached_model.ts";
import type { Erasure, PrefixCache } from "../prefix/prefix_cache.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";
import type { Lookup } from "../prefix/lookup.ts";

/** What is joined. */
export interface CachedDecodingParts {
  model: KvModel;
  drafting: Drafting;
  /** Whether a row's bits don't hang on the pass it is in. */
  invariant: boolean;
  /** Without it, every prompt is computed. */
  cache?: PrefixCache | undefined;
}

/** An output; the first tells how many tokens of the prompt were known. */
export type CachedOutput = DecodeOutput & { cached?: number };

/** How to continue a prompt, and whose it is. */
export type CachedOptions = DraftedOptions & { cache: CacheHints };

/** Decodes with a cache in front. */
export class CachedDecoding {
  readonly #parts: CachedDecodingParts;

  constructor(parts: CachedDecodingParts) {
    this.#parts = parts;
  }

  /** What the cache has done so far. */
  get counters(): PrefixCounters | undefined {
    return this.#parts.cache?.counters;
  }

  /** Continues a prompt. */
  async *decode(
    prompt: Int32Array,
    { cache: hints, ...options }: CachedOptions,
  ): AsyncGenerator<CachedOutput, void> {
    const { cache, drafting } = this.#parts;
    const lookup = await cache?.lookup(prompt, hints);
    if (lookup) yield* this.#behind(lookup, prompt, options);
    else yield* drafting.decode(prompt, options);
  }

  /** Computes beginnings of prompts, and lets all callers have them. */
  async warm(prompts: readonly Int32Array[]): Promise<void> {
    const { cache } = this.#parts;
    for (const prompt of cache ? prompts : []) {
      const lookup = await cache!.lookupShared(prompt);
      const outputs = this.#behind(lookup, prompt, {
        sampling: GREEDY,
        maxTokens: 1,
        endTokens: new Set(),
        draft: "none",
      });
      await Array.fromAsync(outputs);
    }
  }

  /** Erases the prompts of a caller, or of all callers. */
  async erase(caller?: string): Promise<Erasure> {
    return await this.#parts.cache?.erase(caller) ?? { blocks: 0 };
  }

  async *#behind(
    lookup: Lookup,
    prompt: Int32Array,
    options: DraftedOptions,
  ): AsyncGenerator<CachedOutput, void> {
    const { model, drafting, invariant } = this.#parts;
    const through = cachedModel(model, { lookup, invariant });
    let cached: number | undefined = lookup.found.length * lookup.blockTokens;
    try {
      for await (
        const output of drafting.decode(prompt, { ...options, through })
      ) {
        yield cached === undefined ? output : { ...output, cached };
        cached = undefined;
      }
    } finally {
      lookup.prefilled();
    }
  }
}
