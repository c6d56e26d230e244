/**
 * The file that holds a graph's weights, written front to back, so that a model
 * is converted tensor by tensor and never stands in memory as a whole.
 *
 * @module
 */

/** Where a tensor lies in the weights file, in bytes. */
export interface WeightSpan {
  offset: number;
  length: number;
}

/** ONNX Runtime maps weights into memory only where a page begins. */
const ALIGNMENT = 4096;

/** Appends tensors to a file. */
export class WeightsFile implements Disposable {
  /** The file's name without its folder, as the graphs refer to it. */
  readonly name: string;
  #file: Deno.FsFile;
  #end = 0;

  constructor(path: string) {
    this.name = path.slice(path.lastIndexOf("/") + 1);
    this.#file = Deno.openSync(path, { write: true, create: true });
    this.#file.truncateSync();
  }

  /** Writes `data` at the next page and says where that is. */
  append(data: Float32Array | Uint8Array): WeightSpan {
    const offset = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    const bytes = new Uint8Array(
      data.buffer,
      data.byteOffset,
      data.byteLength,
    );
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      at += this.#file.writeSync(bytes.subarray(at));
    }
    this.#end = offset + bytes.length;
    return { offset, length: bytes.length };
  }

  /** Waits until the disk has it all, then closes the file. */
  [Symbol.dispose](): void {
    this.#file.syncSync();
    this.#file.close();
  }
}
