/**
 * A model whose sequences stay open until a test has looked into them.
 *
 * @module
 */

import type { Model, Sequence } from "../../lib/bita/decode/model.ts";

/** A sequence that shows its keys and values, as those of ONNX Runtime do. */
interface ReadableSequence extends Sequence {
  readKv(slots: number): Promise<Float32Array>;
}

/** Opens sequences, and closes them only when it is told to. */
export class HeldModel implements Model {
  readonly vocab: number;
  readonly masks: number;
  readonly prompts: number;
  readonly maxRows: number;
  readonly context: number;
  readonly #model: Model;
  #sequences: ReadableSequence[] = [];

  /** Stands before `model`. */
  constructor(model: Model) {
    ({
      vocab: this.vocab,
      masks: this.masks,
      prompts: this.prompts,
      maxRows: this.maxRows,
      context: this.context,
    } = model);
    this.#model = model;
  }

  open(prompt: Int32Array): Sequence {
    const sequence = this.#model.open(prompt) as ReadableSequence;
    this.#sequences.push(sequence);
    return {
      forward: (pass) => sequence.forward(pass),
      logits: (rows) => sequence.logits(rows),
      close() {},
    };
  }

  /** Reads the first slots of each sequence, in bytes, and closes them all. */
  async release(slots: number): Promise<Uint8Array[]> {
    const contents: Uint8Array[] = [];
    for (const sequence of this.#sequences) {
      contents.push(new Uint8Array((await sequence.readKv(slots)).buffer));
      sequence.close();
    }
    this.#sequences = [];
    return contents;
  }
}
