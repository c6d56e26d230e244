/**
 * The embedding, kept as packed as its file has it and unpacked row by row.
 *
 * @module
 */

import { dequantize } from "./gguf/dequantize.ts";
import type { Artefact } from "./artefact.ts";

/** Looks up rows of the embedding matrix `[vocab, dim]`. */
export class Embedding {
  #packed: Uint8Array;
  #type: Artefact["embedding"]["type"];
  #rowBytes: number;

  private constructor(
    { type, shape }: Artefact["embedding"],
    packed: Uint8Array,
  ) {
    this.#packed = packed;
    this.#type = type;
    this.#rowBytes = packed.length / shape[0];
  }

  /** Reads the packed matrix of a model. */
  static async open({ embedding }: Artefact): Promise<Embedding> {
    const { path, offset, byteLength } = embedding;
    using file = await Deno.open(path);
    await file.seek(offset, Deno.SeekMode.Start);
    const packed = new Uint8Array(byteLength);
    for (let end = 0; end < byteLength;) {
      const count = await file.read(packed.subarray(end));
      if (count === null) {
        throw new SyntaxError(
          `Cannot read the embedding: the file must keep its size: received a shorter "${path}"`,
        );
      }
      end += count;
    }
    return new Embedding(embedding, packed);
  }

  /** Writes the row of a token id, `[dim]`, into `out`. */
  lookUp(id: number, out: Float32Array): void {
    const start = id * this.#rowBytes;
    const row = this.#packed.subarray(start, start + this.#rowBytes);
    dequantize(this.#type, row, out);
  }
}
