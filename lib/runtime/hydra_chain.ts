/**
 * The state of a Hydra head along a chain of drafted tokens.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { Embedding } from "../../models/embedding.ts";
import type { Backend, Session } from "./backend.ts";
import type { Scratch } from "./scratch.ts";

/** What a chain is computed with. */
export interface HydraChainParts {
  backend: Backend;
  /** A step of the head. */
  hydra: Session;
  embedding: Embedding;
  scratch: Scratch;
  /** Numbers a state. */
  dim: number;
  /** Tokens that the head can draft, V. */
  words: number;
}

/** Drafts token behind token. */
export class HydraChain {
  readonly #parts: HydraChainParts;
  #state: Tensor | undefined;
  #inputs: Record<string, Tensor> = {};

  constructor(parts: HydraChainParts) {
    this.#parts = parts;
  }

  /**
   * Rates what follows `token`, `[V]`, behind a row of states `[1, rows, dim]` and of
   * inputs `[1, rows, L * dim]`, or behind the token of the last call.
   */
  async follow(
    token: number,
    from?: { states: Tensor; inputs?: Tensor | undefined; row: number },
  ): Promise<Float32Array> {
    const { backend, hydra, embedding, scratch, dim, words } = this.#parts;
    const embedded = new Float32Array(dim);
    embedding.lookUp(token, embedded);
    const row = new Tensor("int64", [BigInt(from?.row ?? 0)], [1]);
    const { inputs } = from ?? {};
    if (inputs) this.#inputs = { inputs, inputs_row: row };
    const output = (name: string, size: number) =>
      backend.inPlace ? scratch.tensor(name, [1, 1, size]) : null;
    const { next, logits } = await hydra.run({
      states: from?.states ?? this.#state!,
      row,
      ...this.#inputs,
      token: new Tensor("float32", embedded, [1, 1, dim]),
    }, { next: output("next", dim), logits: output("draft logits", words) });
    this.#state?.dispose();
    this.#state = next;
    return await backend.download(logits);
  }

  /** Gives its memory back. */
  close(): void {
    this.#state?.dispose();
  }
}
