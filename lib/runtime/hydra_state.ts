/**
 * The state of a Hydra head along the tokens that it drafts.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { Embedding } from "../../models/embedding.ts";
import type { Backend, Session } from "./backend.ts";
import type { Turns } from "./turns.ts";

/** What a state is computed with. */
export interface HydraParts {
  backend: Backend;
  /** A step of the head. */
  hydra: Session;
  turns: Turns;
  embedding: Embedding;
  /** Numbers a state. */
  dim: number;
  /** Tokens that the head can draft, V. */
  words: number;
}

/** A row of states `[1, rows, dim]` and of inputs `[1, rows, L * dim]`. */
export interface StateStart {
  states: Tensor;
  inputs?: Tensor | undefined;
  row: number;
}

/** Drafts one token after another. */
export class HydraState {
  readonly #parts: HydraParts;
  #state: Tensor | undefined;
  #logits: Tensor | null = null;
  #inputs: Record<string, Tensor> = {};

  constructor(parts: HydraParts) {
    this.#parts = parts;
  }

  /**
   * Rates what follows `token`, `[V]`, after a row, or after the token of the last
   * call.
   */
  follow(token: number, from?: StateStart): Promise<Float32Array> {
    const { backend, hydra, turns, embedding, dim } = this.#parts;
    const row = new Tensor("int64", [BigInt(from?.row ?? 0)], [1]);
    if (from?.inputs) this.#inputs = { inputs: from.inputs, inputs_row: row };
    const work = { part: "draft", rows: 1, sequences: 1 } as const;
    return turns.take(work, async () => {
      const embedded = new Float32Array(dim);
      embedding.lookUp(token, embedded);
      const { next, logits } = await hydra.run({
        states: from?.states ?? this.#state!,
        row,
        ...this.#inputs,
        token: new Tensor("float32", embedded, [1, 1, dim]),
      }, this.#places());
      if (next !== this.#state) this.#state?.dispose();
      this.#state = next;
      return await backend.download(logits);
    });
  }

  /** Names where a step puts its outputs: over the last ones, which are read by then. */
  #places(): Record<string, Tensor | null> {
    const { backend, dim, words } = this.#parts;
    if (!backend.inPlace) return { next: null, logits: null };
    const vector = (size: number) =>
      new Tensor("float32", new Float32Array(size), [1, 1, size]);
    this.#logits ??= vector(words);
    return { next: this.#state ?? vector(dim), logits: this.#logits };
  }

  /** Frees its memory. */
  close(): void {
    this.#state?.dispose();
  }
}
