/**
 * Opens a GGUF file: its metadata, and its tensors one by one, so that a model is never
 * in memory as a whole.
 *
 * @module
 */

import { locateTensors, type TensorInfo } from "./directory.ts";
import { type MetadataValue, parseHeader } from "./header.ts";

export type { TensorInfo } from "./directory.ts";
export type { MetadataValue } from "./header.ts";

/** A GGUF file with a checked header. */
export interface Gguf {
  readonly path: string;
  /** By key, such as `"general.architecture"`. */
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  /** By name, such as `"token_embd.weight"`. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * Reads a tensor's packed bytes.
   *
   * @throws {RangeError} if there is no such tensor.
   */
  read(name: string): Promise<Uint8Array>;
}

/**
 * Opens the GGUF file at `path`. The result holds no file handle and needs no closing.
 *
 * @throws {SyntaxError} if the file is not GGUF of a known version, or is truncated.
 * @throws {RangeError} if counts, sizes or offsets in it are impossible.
 */
export async function openGguf(path: string): Promise<Gguf> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const header = parseHeader({
    size,
    read(offset, length) {
      file.seekSync(offset, Deno.SeekMode.Start);
      const bytes = new Uint8Array(length);
      let end = 0;
      while (end < length) {
        const count = file.readSync(bytes.subarray(end));
        if (count === null) throw shrunk(path);
        end += count;
      }
      return bytes;
    },
  });
  const tensors = locateTensors(header, size);
  return {
    path,
    metadata: header.metadata,
    tensors,
    async read(name) {
      const tensor = tensors.get(name);
      if (tensor === undefined) {
        throw new RangeError(
          `Cannot read a tensor: its name must be in the file: received "${name}"`,
        );
      }
      return await readTensor(path, tensor);
    },
  };
}

/**
 * Reads the packed bytes of a tensor of the file at `path`.
 *
 * @throws {SyntaxError} if the file is shorter than when it was opened.
 */
export async function readTensor(
  path: string,
  { offset, byteLength }: TensorInfo,
): Promise<Uint8Array> {
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(byteLength);
  let end = 0;
  while (end < byteLength) {
    const count = await file.read(bytes.subarray(end));
    if (count === null) throw shrunk(path);
    end += count;
  }
  return bytes;
}

function shrunk(path: string): SyntaxError {
  return new SyntaxError(
    `Cannot read a GGUF file: it must keep its size while in use: received a shorter "${path}"`,
  );
}
