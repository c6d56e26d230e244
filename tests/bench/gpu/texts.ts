/**
 * Decodes texts as a server does, and times them.
 *
 * @module
 */

import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import type { Draft } from "../../../lib/engine/generation.ts";
import type { PrefixCache } from "../../../lib/prefix/prefix_cache.ts";
import { Decoding } from "../../../lib/worker/decoding.ts";
import { Drafting } from "../../../lib/worker/drafting.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import type { Subject } from "./subject.ts";

/** Rows of a prompt's part where bits depend on the pass, as in the server. */
const PART_ROWS = 16;

/** How a text is decoded. */
export interface TextOptions {
  tokens: number;
  draft?: Draft;
  /** Guesses by depth; without it, what pays. */
  draftTree?: readonly number[] | undefined;
}

/** A text, and what it took. */
export interface TimedText {
  tokens: number[];
  passes: number;
  drafted: number;
  accepted: number;
  /** Tokens of the prompt that were cached. */
  cached: number;
  /** Milliseconds to the first token. */
  firstMs: number;
  ms: number;
}

/** Decodes texts with a subject, several at once. */
export class Texts {
  readonly #decoding: Decoding;

  constructor({ model, check, adapter }: Subject, cache?: PrefixCache) {
    const { cost, invariant } = check;
    const scheduler = new Scheduler(model, {
      cost,
      now: () => performance.now(),
      partRows: invariant ? undefined : PART_ROWS,
    });
    const drafting = new Drafting({ scheduler, cost, adapter });
    this.#decoding = new Decoding({ model, drafting, invariant, cache });
  }

  /** Continues a prompt greedily by so many tokens. */
  async decode(
    prompt: Int32Array,
    { tokens, draft = "none", draftTree }: TextOptions,
  ): Promise<TimedText> {
    const begun = performance.now();
    const text: TimedText = {
      tokens: [],
      passes: 0,
      drafted: 0,
      accepted: 0,
      cached: 0,
      firstMs: NaN,
      ms: NaN,
    };
    const outputs = this.#decoding.decode({
      prompt,
      sampling: GREEDY,
      maxTokens: tokens,
      endTokens: new Set(),
      draft,
      draftTree,
      cache: { caller: "", salt: "", retention: "24h" },
    });
    for await (const output of outputs) {
      text.tokens.push(...output.tokens);
      if (output.tokens.length > 0) text.passes++;
      if (text.passes === 1) text.firstMs = performance.now() - begun;
      text.drafted += output.drafted;
      text.accepted += output.accepted;
      text.cached += output.cached ?? 0;
    }
    return { ...text, ms: performance.now() - begun };
  }
}
