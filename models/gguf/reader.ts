/**
 * Opens a GGUF file: its metadata, and its tensors one by one, so that a model is never
 * in memory as a whole.
 *
 * @module
 */

import { dequantize } from "./dequantize.ts";
import { locateTensors, type TensorInfo } from "./directory.ts";
import { type MetadataValue, parseHeader } from "./header.ts";
import { checkPart, partPaths } from "./parts.ts";

export type { TensorInfo } from "./directory.ts";
export type { MetadataValue } from "./header.ts";

/** A tensor and the file that it is in. */
export type StoredTensor = TensorInfo & { path: string };

/** A matrix `[rows, columns]` in row-major order, one row per output feature. */
export interface Matrix {
  rows: number;
  columns: number;
  data: Float32Array;
}

/** Rows of a matrix, without the row `to`. */
export interface RowRange {
  from: number;
  to: number;
}

/** A GGUF file with a checked header, or several that are the parts of a model. */
export interface Gguf {
  /** The file, or the first of its parts. */
  readonly path: string;
  /** All parts, in order. */
  readonly paths: readonly string[];
  /** By key, such as `"general.architecture"`. */
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  /** By name, such as `"token_embd.weight"`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * Reads the packed bytes of a tensor, or of some rows of it.
   *
   * @throws {RangeError} if there is no such tensor.
   */
  read(name: string, range?: RowRange): Promise<Uint8Array>;
}

/**
 * Opens the GGUF file at `path`, with the parts beside it if it is the first of several.
 * The result holds no file handle and needs no closing.
 *
 * @throws {SyntaxError} if a file is not GGUF of a known version, or is truncated, or two
 * parts have a tensor of the same name.
 * @throws {RangeError} if counts, sizes or offsets in it are impossible.
 * @throws {TypeError} if it is a part but not the first, or another is not what it must be.
 */
export async function openGguf(path: string): Promise<Gguf> {
  const first = await openPart(path);
  const paths = partPaths(path, first.metadata);
  const tensors = new Map<string, StoredTensor>();
  for (const [index, path] of paths.entries()) {
    const part = index === 0 ? first : await openPart(path);
    if (index > 0) {
      checkPart(part.metadata, { path, index, count: paths.length });
    }
    for (const [name, tensor] of part.tensors) {
      if (tensors.has(name)) {
        throw new SyntaxError(
          `Cannot read a GGUF file: tensor names must be unique: received ${
            JSON.stringify(name)
          } in two parts`,
        );
      }
      tensors.set(name, { ...tensor, path });
    }
  }
  return {
    path,
    paths,
    metadata: first.metadata,
    tensors,
    async read(name, range) {
      const tensor = tensors.get(name);
      if (tensor === undefined) {
        throw new RangeError(
          `Cannot read a tensor: its name must be in the file: received "${name}"`,
        );
      }
      const { path, shape, offset, byteLength } = tensor;
      const { from, to } = range ?? { from: 0, to: shape[0] };
      const rowBytes = byteLength / shape[0];
      return await readTensor(path, {
        offset: offset + from * rowBytes,
        byteLength: (to - from) * rowBytes,
      });
    },
  };
}

/** Reads the header of one file and locates its tensors. */
async function openPart(path: string) {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const header = parseHeader({
    size,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      readAt(file, { path, offset }, bytes);
      return bytes;
    },
  });
  return { metadata: header.metadata, tensors: locateTensors(header, size) };
}

/**
 * Fills `bytes` with those of an open file from `offset` on.
 *
 * @throws {SyntaxError} if the file is too short.
 */
export function readAt(
  file: Deno.FsFile,
  { path, offset }: { path: string; offset: number },
  bytes: Uint8Array,
): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let end = 0; end < bytes.length;) {
    const count = file.readSync(bytes.subarray(end));
    if (count === null) throw shrunk(path);
    end += count;
  }
}

/**
 * Reads the packed bytes of a tensor of the file at `path`.
 *
 * @throws {SyntaxError} if the file is shorter than when it was opened.
 */
async function readTensor(
  path: string,
  { offset, byteLength }: Pick<TensorInfo, "offset" | "byteLength">,
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

/**
 * Reads a tensor, or some rows of it, and unpacks it.
 *
 * @throws {RangeError} if there is no such tensor, or a number in it is not finite.
 */
export async function readMatrix(
  gguf: Gguf,
  name: string,
  range?: RowRange,
): Promise<Matrix> {
  const bytes = await gguf.read(name, range);
  const { type, shape: [all, columns = 1] } = gguf.tensors.get(name)!;
  const rows = range ? range.to - range.from : all;
  const data = dequantize(type, bytes);
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new RangeError(
      `Cannot read a tensor: numbers of ${name} must be finite: received ${
        data[i]
      }`,
    );
  }
  return { rows, columns, data };
}

function shrunk(path: string): SyntaxError {
  return new SyntaxError(
    `Cannot read a GGUF file: it must keep its size while in use: received a shorter "${path}"`,
  );
}
