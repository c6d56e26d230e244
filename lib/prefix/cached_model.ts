/**
 * A model that begins a text with what the cache knows of it, and gives back what it
 * computed. Decoding notices nothing but a shorter prefill.
 *
 * Only slots before the start of a pass are kept: they hold final text, computed in
 * its natural slots.
 *
 * @module
 */

import type { Model, Pass, Sequence } from "../bita/decode/model.ts";
import { wrapModel } from "../bita/decode/wrap_model.ts";
import type { Block } from "./block.ts";
import type { Lookup } from "./lookup.ts";

/** A sequence whose keys and values can be read and set. */
export interface KvSequence extends Sequence {
  readKv(slots: number, options?: { from?: number }): Promise<Block["kv"]>;
  writeKv(
    slots: number,
    data: Block["kv"],
    options?: { from?: number },
  ): void;
}

/** A model of such sequences. */
export interface KvModel extends Model {
  open(prompt: Int32Array): KvSequence;
}

/** How a text is read and kept. */
export interface CachedModelOptions {
  lookup: Lookup;
  /**
   * Whether a row's bits don't hang on the pass it is in. If they do, a prompt is
   * read block by block, whatever was found, and answers are not kept.
   */
  invariant: boolean;
}

/** Opens sequences on behalf of one request. */
export function cachedModel(
  model: KvModel,
  options: CachedModelOptions,
): Model {
  const same = wrapModel(
    model,
    (prompt) => new CachedSequence(prompt, { ...options, model }),
  );
  return options.invariant
    ? same
    : { ...same, prefillRows: options.lookup.blockTokens };
}

class CachedSequence implements Sequence {
  readonly known: number;
  readonly #lookup: Lookup;
  readonly #invariant: boolean;
  readonly #prompts: number;
  readonly #sequence: KvSequence;
  /** Tokens of the prompt that a prefill computes. */
  readonly #prefill: number;
  /** `[slots - prompts]` tokens in natural slots, the first `#final` for good. */
  readonly #text: number[];
  #final: number;
  #prefilled = false;

  constructor(
    prompt: Int32Array,
    { model, lookup, invariant }: CachedModelOptions & { model: KvModel },
  ) {
    this.#lookup = lookup;
    this.#invariant = invariant;
    this.#prompts = model.prompts;
    this.#sequence = model.open(prompt);
    this.#prefill = prompt.length - 1;
    const { found, blockTokens } = lookup;
    if (found.some(({ kv }) => kv.length === 0)) {
      throw new TypeError(
        "Cannot begin with cached blocks: they must be retained: received a free one",
      );
    }
    // The last first, so that the buffer grows once.
    for (let depth = found.length - 1; depth >= 0; depth--) {
      const from = model.prompts + depth * blockTokens;
      this.#sequence.writeKv(blockTokens, found[depth].kv, { from });
    }
    this.known = found.length * blockTokens;
    this.#text = [...prompt.subarray(0, this.known)];
    this.#final = this.known;
  }

  async forward(pass: Pass): Promise<void> {
    this.#final = pass.start - this.#prompts;
    if (!this.#prefilled && this.#final >= this.#prefill) await this.#keep();
    this.#note(pass);
    await this.#sequence.forward(pass);
  }

  logits(rows: ArrayLike<number>): Promise<Float32Array> {
    return this.#sequence.logits(rows);
  }

  follow(token: number, row?: number): Promise<Float32Array> {
    return this.#sequence.follow!(token, row);
  }

  close(): void {
    const done = this.#prefilled && !this.#invariant
      ? Promise.resolve()
      : this.#keep();
    done.catch(() => {}).finally(() => this.#sequence.close());
  }

  /** Keeps what is final. */
  async #keep(): Promise<void> {
    this.#prefilled = true;
    const size = this.#lookup.blockTokens;
    const text = Int32Array.from(this.#text.slice(0, this.#final));
    try {
      await this.#lookup.keep(text, (depth) => {
        const from = this.#prompts + depth * size;
        return this.#sequence.readKv(size, { from });
      });
    } finally {
      this.#lookup.prefilled();
    }
  }

  /** Notes the natural tokens of a pass. */
  #note({ start, tokens, positions }: Pass): void {
    this.#text.length = this.#final;
    for (let row = 0; row < tokens.length; row++) {
      const natural = positions[row] === start - this.#prompts + row;
      if (!natural || tokens[row] < 0) return;
      this.#text.push(tokens[row]);
    }
  }
}
