/**
 * The embedding matrix, which stays in the model's file: a pass needs a few rows of it,
 * and the system keeps in memory what of a file is read often.
 *
 * @module
 */

import type { Artefact } from "./artefact.ts";
import { dequantize } from "./gguf/dequantize.ts";
import { readAt } from "./gguf/reader.ts";

/** Rows that are kept in memory; to read one costs more than to unpack it. */
const KEPT = 256;

/** What an embedding is opened from. */
type EmbeddingSource = Pick<Artefact, "embedding" | "config">;

/** Looks up rows of the embedding matrix `[vocab, dim]` in an open file. */
export class Embedding implements Disposable {
  readonly #matrix: Artefact["embedding"];
  readonly #scale: number;
  readonly #file: Deno.FsFile;
  readonly #rowBytes: number;
  /** The time of the file's last change. */
  readonly #modified: number;
  /** The rows read last, packed; that of a token id is at its remainder. */
  readonly #rows: Uint8Array;
  /** The id of each kept row, or -1. */
  readonly #ids = new Int32Array(KEPT).fill(-1);

  private constructor({ embedding, config: { scales } }: EmbeddingSource) {
    this.#matrix = embedding;
    this.#scale = scales.embedding;
    this.#file = Deno.openSync(embedding.path);
    this.#modified = this.#lastChange();
    this.#rowBytes = embedding.byteLength / embedding.shape[0];
    this.#rows = new Uint8Array(KEPT * this.#rowBytes);
  }

  /**
   * Opens the file of a model, which may be removed from then on.
   *
   * @throws {SyntaxError} if the file has been cut short.
   */
  static open(artefact: EmbeddingSource): Embedding {
    using opened = new DisposableStack();
    const embedding = opened.use(new Embedding(artefact));
    embedding.#packed(artefact.embedding.shape[0] - 1);
    opened.move();
    return embedding;
  }

  /**
   * Checks that the file is as it was when it was opened, before the look-ups of a pass.
   *
   * @throws {SyntaxError} if somebody has written to it since.
   */
  check(): void {
    if (this.#lastChange() === this.#modified) return;
    throw new SyntaxError(
      `Cannot use a model: its file must stay as it is while in use: received another "${this.#matrix.path}"`,
    );
  }

  /**
   * Writes the row of a token id, `[dim]`, into `out`, with the model's scale.
   *
   * @throws {SyntaxError} if the file no longer has the row.
   */
  lookUp(id: number, out: Float32Array): void {
    dequantize(this.#matrix.type, this.#packed(id), out);
    if (this.#scale === 1) return;
    for (let i = 0; i < out.length; i++) out[i] *= this.#scale;
  }

  #lastChange(): number {
    return this.#file.statSync().mtime?.getTime() ?? 0;
  }

  #packed(id: number): Uint8Array {
    const { path, offset } = this.#matrix;
    const place = id % KEPT;
    const start = place * this.#rowBytes;
    const row = this.#rows.subarray(start, start + this.#rowBytes);
    if (this.#ids[place] === id) return row;
    this.#ids[place] = -1;
    readAt(this.#file, { path, offset: offset + id * this.#rowBytes }, row);
    this.#ids[place] = id;
    return row;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
