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
export type Numbers = Float32Array | Uint8Array | Int8Array;

/** The highest bits of four bytes, in which they differ from those 128 apart. */
const HIGHEST_BITS = 0x80808080;

/** Bytes of a page; ONNX Runtime can only map weights that start at one. */
const ALIGNMENT = 4096;

/** A file of tensors; graphs refer to them by name. */
export class WeightsFile implements Disposable {
  /** The file's name without its folder, as in the graphs. */
  readonly name: string;
  readonly #file: Deno.FsFile;
  readonly #tensors = new Map<string, StoredTensor>();
  #end = 0;
  #unsigned = false;

  constructor(path: string) {
    this.name = path.slice(path.lastIndexOf("/") + 1);
    this.#file = Deno.openSync(path, { write: true, create: true });
    this.#file.truncateSync();
  }

  /** From now on, stores signed bytes as unsigned ones, with 128 added to each. */
  storeUnsigned(): void {
    this.#unsigned = true;
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
    const changes = this.#unsigned && tensor.type === "int8";
    const type = changes ? "uint8" : tensor.type;
    this.#tensors.set(name, { ...tensor, type, offset });
  }

  /** Writes a part of a tensor, from `start` bytes after its beginning on. */
  write(name: string, data: Numbers, start = 0): void {
    const { buffer, byteOffset, byteLength } = data;
    const { offset } = this.tensor(name);
    let bytes = new Uint8Array(buffer, byteOffset, byteLength);
    if (this.#unsigned && data instanceof Int8Array) {
      toUnsigned(bytes = bytes.slice());
    }
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

/** Adds 128 to signed bytes, in place. */
export function toUnsigned({ buffer, byteOffset, length }: Uint8Array): void {
  const words = new Uint32Array(buffer, byteOffset, length >> 2);
  for (let i = 0; i < words.length; i++) words[i] ^= HIGHEST_BITS;
  const rest = length & 3;
  const bytes = new Uint8Array(buffer, byteOffset + length - rest, rest);
  for (let i = 0; i < rest; i++) bytes[i] ^= 0x80;
}

function typeOf(data: Numbers): StoredTensor["type"] {
  if (data instanceof Float32Array) return "float32";
  return data instanceof Int8Array ? "int8" : "uint8";
}
