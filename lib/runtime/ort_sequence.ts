/**
 * A text in its KV buffer, and its rows as a body's inputs.
 *
 * @module
 */

import type { Adapter } from "../../models/adapter/adapter.ts";
import type { ModelConfig } from "../../models/architectures/config.ts";
import type { Embedding } from "../../models/embedding.ts";
import type { KvCopy, KvSequence, Step } from "../bita/decode/model.ts";
import type { KvBuffer } from "./backend.ts";
import { SlotAngles } from "./body/rotary.ts";

/** What a sequence is made from. */
export interface OrtSequenceParts {
  config: ModelConfig;
  adapter: Adapter;
  embedding: Pick<Embedding, "check" | "lookUp">;
  kv: KvBuffer;
  prompt: Int32Array;
  /** Tokens that any text may have. */
  context: number;
}

/** One text, whose keys and values may be read and set. */
export class OrtSequence implements KvSequence {
  length: number;
  readonly kv: KvBuffer;
  readonly angles: SlotAngles;
  /** What layers with a sliding window see, if there are any. */
  readonly window: { size: number; angles: SlotAngles } | undefined;
  readonly #parts: OrtSequenceParts;
  /** `[masks, dim]` */
  #maskEmbeddings: Float32Array | undefined;

  constructor(parts: OrtSequenceParts) {
    const { config, adapter, kv, context } = parts;
    this.#parts = parts;
    this.kv = kv;
    const { rotary, longRotary, window } = config;
    const isLong = longRotary && context > longRotary.beyond;
    this.angles = new SlotAngles(isLong ? longRotary : rotary);
    this.window = window &&
      { size: window.size, angles: new SlotAngles(window.rotary) };
    this.length = adapter.softPrompt;
    if (adapter.softPrompt > 0) {
      kv.write(adapter.softPrompt, adapter.promptKv);
    }
  }

  /** Writes the embeddings of tokens and masks, `[tokens, dim]`. */
  embed(tokens: Int32Array, out: Float32Array): void {
    const { embedding, config: { dim } } = this.#parts;
    embedding.check();
    for (const [row, token] of tokens.entries()) {
      const place = out.subarray(row * dim, (row + 1) * dim);
      if (token >= 0) embedding.lookUp(token, place);
      else {
        this.#maskEmbeddings ??= maskEmbeddings(this.#parts);
        const from = (-1 - token) * dim;
        place.set(this.#maskEmbeddings.subarray(from, from + dim));
      }
    }
  }

  readKv(
    slots: number,
    options?: { from?: number },
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.kv.read(slots, options);
  }

  /** Copies slots within the device, if the backend has one. */
  get copyKv(): KvSequence["copyKv"] {
    return this.kv.copy;
  }

  writeKv(
    slots: number,
    data: KvCopy,
    options?: { from?: number },
  ): void {
    this.kv.write(slots, data, options);
  }

  close(): void {
    this.kv.close();
  }
}

/** A step of such a sequence. */
export type OrtStep = Step & { sequence: OrtSequence };

/** Returns what masks look like: learned, or the mean of the prompt. */
function maskEmbeddings(
  { adapter, embedding, prompt, config: { dim } }: OrtSequenceParts,
): Float32Array {
  if (adapter.maskEmbeddings) return adapter.maskEmbeddings;
  const mean = new Float32Array(dim);
  const row = new Float32Array(dim);
  for (const id of prompt) {
    embedding.lookUp(id, row);
    for (let i = 0; i < dim; i++) mean[i] += row[i] / prompt.length;
  }
  const all = new Float32Array(adapter.masks * dim);
  for (let mask = 0; mask < adapter.masks; mask++) all.set(mean, mask * dim);
  return all;
}
