/**
 * The file with the weights of all graphs of a model. It is written tensor by tensor, so
 * that a model in conversion is never in memory as a whole.
 *
 * @module
 */

/** A tensor in the weights file; offset and length are in bytes. */
export interface StoredTensor {
  type: "float32" | "uint8" | "int8";
  dims: number[];
  offset: number;
  length: number;
}

/** A tensor's numbers. */
type Numbers = Float32Array | Uint8Array | Int8Array;

/** Bytes of a page; ONNX Runtime can only map weights that start at one. */
const ALIGNMENT = 4096;

/** A file of tensors; graphs refer to them by name. */
export class WeightsFile implements Disposable {
  /** The file's name without its folder, as in the graphs. */
  readonly name: string;
  readonly #file: Deno.FsFile;
  readonly #tensors = new Map<string, StoredTensor>();
  #end = 0;

  constructor(path: string) {
    this.name = path.slice(path.lastIndexOf("/") + 1);
    this.#file = Deno.openSync(path, { write: true, create: true });
    this.#file.truncateSync();
  }

  /**
   * Writes a tensor at the start of the next page.
   *
   * @throws {TypeError} if the file already has one of this name.
   */
  add(name: string, dims: number[], data: Numbers): void {
    this.reserve(name, { type: typeOf(data), dims, length: data.byteLength });
    this.write(name, data);
  }

  /**
   * Keeps the next pages for a tensor of `length` bytes, to be written in parts.
   *
   * @throws {TypeError} if the file already has one of this name.
   */
  reserve(name: string, tensor: Omit<StoredTensor, "offset">): void {
    if (this.#tensors.has(name)) {
      throw new TypeError(
        `Cannot store a tensor: a new name is required: received "${name}"`,
      );
    }
    const offset = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    this.#end = offset + tensor.length;
    this.#tensors.set(name, { ...tensor, offset });
  }

  /** Writes a part of a tensor, from `start` bytes after its beginning on. */
  write(name: string, data: Numbers, start = 0): void {
    const { buffer, byteOffset, byteLength } = data;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    const { offset } = this.tensor(name);
    this.#file.seekSync(offset + start, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      at += this.#file.writeSync(bytes.subarray(at));
    }
  }

  /** Returns whether the file has a tensor of this name. */
  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /**
   * Returns the location of a tensor.
   *
   * @throws {TypeError} if the file has none of this name.
   */
  tensor(name: string): StoredTensor {
    const tensor = this.#tensors.get(name);
    if (tensor) return tensor;
    throw new TypeError(
      `Cannot find a weight: a stored name is required: received "${name}"`,
    );
  }

  /** Returns all tensors by name, as the JSON text of {@linkcode StoredTensor}s. */
  directory(): string {
    return JSON.stringify(Object.fromEntries(this.#tensors));
  }

  /** Waits until all tensors are on the disk, then closes the file. */
  [Symbol.dispose](): void {
    this.#file.syncSync();
    this.#file.close();
  }
}

function typeOf(data: Numbers): StoredTensor["type"] {
  if (data instanceof Float32Array) return "float32";
  return data instanceof Int8Array ? "int8" : "uint8";
}
