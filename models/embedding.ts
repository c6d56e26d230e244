/**
 * The embedding matrix, packed in memory as in its file and unpacked row by row.
 *
 * @module
 */

import type { Artefact } from "./artefact.ts";
import { dequantize } from "./gguf/dequantize.ts";
import { readTensor } from "./gguf/reader.ts";

/** Looks up rows of the embedding matrix `[vocab, dim]`. */
export class Embedding {
  #packed: Uint8Array;
  #type: Artefact["embedding"]["type"];
  #rowBytes: number;
  #scale: number;

  private constructor(
    { embedding: { type, shape }, config: { scales } }: Artefact,
    packed: Uint8Array,
  ) {
    this.#packed = packed;
    this.#type = type;
    this.#rowBytes = packed.length / shape[0];
    this.#scale = scales.embedding;
  }

  /** Reads the packed matrix of a model. */
  static async open(artefact: Artefact): Promise<Embedding> {
    const { embedding } = artefact;
    const packed = await readTensor(embedding.path, embedding);
    return new Embedding(artefact, packed);
  }

  /** Writes the row of a token id, `[dim]`, into `out`, with the model's scale. */
  lookUp(id: number, out: Float32Array): void {
    const start = id * this.#rowBytes;
    const row = this.#packed.subarray(start, start + this.#rowBytes);
    dequantize(this.#type, row, out);
    if (this.#scale === 1) return;
    for (let i = 0; i < out.length; i++) out[i] *= this.#scale;
  }
}
