/**
 * From a request to the tokens of its answer: a sequence is opened with what the prefix
 * cache holds of the prompt, decoded, and what it computed is kept.
 *
 * Only slots before `length` are kept: they hold final text, computed in its natural
 * slots.
 *
 * @module
 */

import { GREEDY } from "../bita/choose/sampling.ts";
import type { KvSequence, Model } from "../bita/decode/model.ts";
import { embed, type EmbedOptions } from "../bita/decode/embed.ts";
import type { DecodeOutput } from "../bita/decode/output.ts";
import { score, type ScoreOptions } from "../bita/decode/score.ts";
import type { CacheHints } from "../prefix/cache_hints.ts";
import type { Erasure, PrefixCache } from "../prefix/prefix_cache.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";
import type { Lookup } from "../prefix/lookup.ts";
import type { DraftedOptions, Drafting } from "./drafting.ts";
import { INTERRUPTED } from "./messages.ts";

/** What is joined. */
export interface DecodingParts {
  model: Pick<Model, "shape"> & {
    open(prompt: Int32Array, options?: { tokens?: number }): KvSequence;
  };
  drafting: Drafting;
  /**
   * Whether a row's bits depend on nothing but its text. If they depend on its pass,
   * answers are not kept.
   */
  invariant: boolean;
  /** Without it, every prompt is computed. */
  cache?: PrefixCache | undefined;
}

/** How to continue a prompt, and whose it is. */
export type DecodingOptions = DraftedOptions & {
  cache: CacheHints;
  /** Prompts that begin with the prompt, where their answers are scored instead. */
  prompts?: ScoreOptions["prompts"] | undefined;
  /** How the prompt becomes one vector, where that is wanted and no answer. */
  pooling?: EmbedOptions["pooling"] | undefined;
};

/** How one sequence is used. */
interface Use extends Pick<DraftedOptions, "prompt" | "signal"> {
  /** Tokens that its text may come to. */
  tokens: number;
  /** Finds what is known of the prompt. */
  look: () => Promise<Lookup> | undefined;
  /** Computes in it; the first output ends the prefill. */
  compute: (sequence: KvSequence) => AsyncGenerator<DecodeOutput, void>;
}

/** Decodes requests, several at once. */
export class Decoding {
  readonly #parts: DecodingParts;

  constructor(parts: DecodingParts) {
    this.#parts = parts;
  }

  /** What the cache has done so far. */
  get counters(): PrefixCounters | undefined {
    return this.#parts.cache?.counters;
  }

  /** Continues a prompt, makes a vector of it, or scores answers to what begins with it. */
  decode(
    { cache: hints, prompts, pooling, ...request }: DecodingOptions,
  ): AsyncGenerator<DecodeOutput, void> {
    const { cache } = this.#parts;
    if (pooling) return this.#embed({ ...request, pooling });
    if (prompts) {
      const look = () => cache?.lookup(request.prompt, hints);
      return this.#score({ ...request, prompts }, look);
    }
    // Taken now: after an erasure, nothing is learned from a request that began before.
    const memory = request.draft === "none"
      ? undefined
      : this.#parts.drafting.memories.of(hints);
    const options = { ...request, memory };
    return this.#decode(options, () => {
      // The scores of a prompt come from rows that are computed.
      if (!options.scorePrompt) return cache?.lookup(options.prompt, hints);
    });
  }

  /** Computes beginnings of prompts, and shares them with all callers. */
  async warm(prompts: readonly Int32Array[]): Promise<void> {
    const { cache } = this.#parts;
    for (const prompt of cache ? prompts : []) {
      const outputs = this.#decode({
        prompt,
        sampling: GREEDY,
        maxTokens: 1,
        endTokens: new Set(),
        draft: "none",
      }, () => cache?.lookupShared(prompt));
      await Array.fromAsync(outputs);
    }
  }

  /** Erases the prompts of a caller, or of all callers, and what was learned from them. */
  async erase(caller?: string): Promise<Erasure> {
    this.#parts.drafting.memories.forget(caller);
    return await this.#parts.cache?.erase(caller) ?? { blocks: 0 };
  }

  /** Stores what waits for it; resolves once nothing is left. */
  async idle(): Promise<void> {
    await this.#parts.cache?.idle();
  }

  #decode(
    options: DraftedOptions,
    look: Use["look"],
  ): AsyncGenerator<DecodeOutput, void> {
    const { prompt, signal, maxTokens } = options;
    return this.#use({
      prompt,
      signal,
      look,
      tokens: prompt.length + maxTokens,
      compute: (sequence) => this.#parts.drafting.decode(sequence, options),
    });
  }

  #score(
    { prompt, prompts, signal }: ScoreOptions,
    look: Use["look"],
  ): AsyncGenerator<DecodeOutput, void> {
    const { runner } = this.#parts.drafting;
    const lengths = prompts.flatMap(({ prompt, answers }) =>
      answers.map((answer) => prompt.length + answer.length)
    );
    return this.#use({
      prompt,
      signal,
      look,
      tokens: Math.max(...lengths),
      compute: (sequence) =>
        score(runner, sequence, { prompt, prompts, signal }),
    });
  }

  /** Makes a vector in a sequence whose keys and values no other text reads. */
  #embed(
    { prompt, pooling, signal }: EmbedOptions,
  ): AsyncGenerator<DecodeOutput, void> {
    const { runner } = this.#parts.drafting;
    return this.#use({
      prompt,
      signal,
      look: () => undefined,
      tokens: prompt.length,
      compute: (sequence) =>
        embed(runner, sequence, { prompt, pooling, signal }),
    });
  }

  /** Opens a sequence with what is known of its prompt, and keeps what it computes. */
  async *#use(
    { prompt, tokens, signal, look, compute }: Use,
  ): AsyncGenerator<DecodeOutput, void> {
    const { invariant } = this.#parts;
    const text = [...prompt];
    // The thread of the store reads while this one takes memory.
    const looking = look();
    const sequence = this.#open(prompt, tokens, looking);
    let lookup: Lookup | undefined, isRead = false;
    try {
      lookup = await looking;
      signal?.throwIfAborted();
      let cached = lookup && this.#load(sequence, lookup);
      for await (const output of compute(sequence)) {
        text.push(...output.tokens);
        if (!isRead) await this.#keep(lookup, sequence, text);
        isRead = true;
        yield cached === undefined ? output : { ...output, cached };
        cached = undefined;
      }
    } finally {
      if (!isRead || invariant) {
        // The client may come back with what it has, to another server.
        const isCutOff = signal?.reason === INTERRUPTED;
        await this.#keep(lookup, sequence, text, isCutOff ? "24h" : undefined);
      }
      sequence.close();
    }
  }

  /** Opens a sequence; where it gets no memory, what is found of its prompt is released. */
  #open(
    prompt: Int32Array,
    tokens: number,
    looking: Promise<Lookup> | undefined,
  ): KvSequence {
    try {
      return this.#parts.model.open(prompt, { tokens });
    } catch (error) {
      looking?.then((lookup) => lookup.prefilled(), () => {});
      throw error;
    }
  }

  /** Puts known blocks into a sequence; returns their tokens. */
  #load(sequence: KvSequence, { found, blockTokens }: Lookup): number {
    const { softPrompt } = this.#parts.model.shape;
    // The last first, so that the memory grows once.
    for (let depth = found.length - 1; depth >= 0; depth--) {
      const from = softPrompt + depth * blockTokens;
      sequence.writeKv(blockTokens, found[depth].kv, { from });
    }
    const tokens = found.length * blockTokens;
    sequence.length = softPrompt + tokens;
    return tokens;
  }

  /** Keeps the blocks of the text that is final, and releases what was found. */
  async #keep(
    lookup: Lookup | undefined,
    sequence: KvSequence,
    text: readonly number[],
    retention?: CacheHints["retention"],
  ): Promise<void> {
    const { softPrompt } = this.#parts.model.shape;
    const final = Int32Array.from(text.slice(0, sequence.length - softPrompt));
    try {
      await lookup?.keep(final, (depth) => {
        const from = softPrompt + depth * lookup.blockTokens;
        return sequence.copyKv?.(lookup.blockTokens, { from }) ??
          sequence.readKv(lookup.blockTokens, { from });
      }, retention);
    } catch {
      // What cannot be kept is computed again.
    } finally {
      lookup?.prefilled();
    }
  }
}
