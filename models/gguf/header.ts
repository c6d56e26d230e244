/**
 * The header of a GGUF file: metadata, then a directory of tensors.
 *
 * ```text
 * "GGUF" version:u32 tensors:u64 entries:u64
 * entries × { key:string type:u32 value }
 * tensors × { name:string n:u32 dims:u64[n] type:u32 offset:u64 }
 * padding, then the data, where offset 0 is
 * ```
 *
 * @module
 */

import { type ByteSource, Cursor } from "./cursor.ts";

/** `GGUF` as a little-endian integer. */
const MAGIC = 0x46554747;

/** Version 1 had 32-bit sizes; version 3 also allows big-endian files. */
const VERSIONS = [2, 3];

/** Bytes of the shortest entry: an empty key, a type and a byte. */
const MIN_ENTRY_BYTES = 8 + 4 + 1;

/** Bytes of the shortest directory line: an empty name and no dimensions. */
const MIN_TENSOR_BYTES = 8 + 4 + 4 + 8;

/** Maximum array elements in a header; 256,000 tokens need about a million. */
const MAX_ELEMENTS = 4_000_000;

/** ggml's `GGML_MAX_DIMS`. */
const MAX_DIMS = 4;

/** The key of a string without which chats would be written otherwise. */
const TEMPLATE = "tokenizer.chat_template";

/** The type number of strings. */
const STRING = 8;

/** The type number of arrays; their elements share one other type. */
const ARRAY = 9;

/** A metadata value; integers of all widths are numbers. */
export type MetadataValue =
  | string
  | number
  | boolean
  | (string | number | boolean)[];

/** An entry of the tensor directory, as in the file. */
export interface TensorLine {
  name: string;
  /** Innermost dimension first. */
  dims: number[];
  /** ggml's number for the tensor's type. */
  type: number;
  /** Bytes from the start of the data. */
  offset: number;
}

/** Everything before the data. */
export interface Header {
  metadata: Record<string, MetadataValue>;
  tensors: TensorLine[];
  /** Bytes up to the padding before the data. */
  length: number;
}

/** A type of value: its minimum size in bytes and its reader. */
interface Scalar {
  bytes: number;
  read(cursor: Cursor): string | number | boolean;
}

/** The types of metadata values, by their number in the file. */
const SCALARS: Record<number, Scalar> = {
  0: number(1, (view, at) => view.getUint8(at)),
  1: number(1, (view, at) => view.getInt8(at)),
  2: number(2, (view, at) => view.getUint16(at, true)),
  3: number(2, (view, at) => view.getInt16(at, true)),
  4: number(4, (view, at) => view.getUint32(at, true)),
  5: number(4, (view, at) => view.getInt32(at, true)),
  6: number(4, (view, at) => view.getFloat32(at, true)),
  7: {
    bytes: 1,
    read: (cursor) => cursor.number(1, (view, at) => view.getUint8(at)) !== 0,
  },
  [STRING]: { bytes: 8, read: (cursor) => cursor.string() },
  10: number(8, (view, at) => view.getBigUint64(at, true)),
  11: number(8, (view, at) => view.getBigInt64(at, true)),
  12: number(8, (view, at) => view.getFloat64(at, true)),
};

/**
 * Parses the header of a GGUF file.
 *
 * @throws {SyntaxError} if the file is not GGUF, or is truncated.
 * @throws {RangeError} if a count or a size is impossible.
 */
export function parseHeader(source: ByteSource): Header {
  const cursor = new Cursor(source);
  const magic = cursor.uint32();
  if (magic !== MAGIC) {
    const rule = 'the file must begin with "GGUF"';
    throw refusal(SyntaxError, rule, `0x${magic.toString(16)}`);
  }
  const version = cursor.uint32();
  if (!VERSIONS.includes(version)) {
    throw refusal(SyntaxError, "version must be 2 or 3", version);
  }
  const tensorCount = count(cursor, "tensors", MIN_TENSOR_BYTES);
  const entryCount = count(cursor, "metadata entries", MIN_ENTRY_BYTES);

  const metadata = readMetadata(cursor, entryCount);
  const tensors: TensorLine[] = [];
  for (let i = 0; i < tensorCount; i++) tensors.push(readTensorLine(cursor));
  return { metadata, tensors, length: cursor.offset };
}

function readMetadata(
  cursor: Cursor,
  entries: number,
): Record<string, MetadataValue> {
  const metadata = new Map<string, MetadataValue>();
  // A vocabulary takes long to decode, and is not always needed.
  const late = new Map<string, () => string[]>();
  let elements = 0;
  for (let i = 0; i < entries; i++) {
    const key = cursor.string();
    if (metadata.has(key)) {
      throw refusal(
        SyntaxError,
        "metadata keys must be unique",
        JSON.stringify(key),
      );
    }
    const type = cursor.uint32();
    if (type === STRING) {
      if (key === TEMPLATE) metadata.set(key, cursor.string());
      else {
        // A longer one, such as a whole tokenizer.json, is not needed.
        const { text } = cursor.shortString();
        if (text !== undefined) metadata.set(key, text);
      }
      continue;
    }
    if (type !== ARRAY) {
      metadata.set(key, scalar(type).read(cursor));
      continue;
    }
    const elementType = cursor.uint32();
    const { bytes, read } = scalar(elementType);
    const length = count(cursor, "array elements", bytes);
    elements += length;
    if (elements > MAX_ELEMENTS) {
      const rule = `arrays must have at most ${MAX_ELEMENTS} elements together`;
      throw refusal(RangeError, rule, elements);
    }
    if (elementType === STRING) {
      late.set(key, cursor.strings(length));
      metadata.set(key, []);
      continue;
    }
    const values: (string | number | boolean)[] = [];
    for (let j = 0; j < length; j++) values.push(read(cursor));
    metadata.set(key, values);
  }
  const all = Object.fromEntries(metadata);
  for (const [key, read] of late) makeLate(all, key, read);
  return all;
}

/** Defines a value that is made when it is first read. */
function makeLate(
  all: Record<string, MetadataValue>,
  key: string,
  read: () => MetadataValue,
): void {
  const options = { enumerable: true, configurable: true };
  Object.defineProperty(all, key, {
    ...options,
    get() {
      const value = read();
      Object.defineProperty(all, key, { ...options, value });
      return value;
    },
  });
}

function readTensorLine(cursor: Cursor): TensorLine {
  const name = cursor.string();
  const n = cursor.uint32();
  if (n < 1 || n > MAX_DIMS) {
    const rule = `tensor "${name}" must have 1 to ${MAX_DIMS} dimensions`;
    throw refusal(RangeError, rule, n);
  }
  const dims = Array.from({ length: n }, () => cursor.uint64());
  return { name, dims, type: cursor.uint32(), offset: cursor.uint64() };
}

function number(
  bytes: number,
  get: (view: DataView, at: number) => number | bigint,
): Scalar {
  return { bytes, read: (cursor) => cursor.number(bytes, get) };
}

function scalar(type: number): Scalar {
  const found = SCALARS[type];
  if (found) return found;
  throw refusal(
    SyntaxError,
    "a value must be a number, a boolean, a string or a flat array of these",
    `type ${type}`,
  );
}

/** Reads the count of the items that follow, each of at least `bytes` bytes. */
function count(cursor: Cursor, what: string, bytes: number): number {
  const items = cursor.uint64();
  const most = Math.floor(cursor.remaining / bytes);
  if (items <= most) return items;
  throw refusal(
    RangeError,
    `the rest of the file must have room for all ${what}, at most ${most}`,
    items,
  );
}

function refusal(
  kind: ErrorConstructor,
  rule: string,
  received: string | number,
): Error {
  return new kind(`Cannot read a GGUF header: ${rule}: received ${received}`);
}
