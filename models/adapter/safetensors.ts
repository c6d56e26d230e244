/**
 * Reads safetensors files: a header of JSON, then the tensors' bytes.
 * Format: https://huggingface.co/docs/safetensors, "Format".
 *
 * @module
 */

import { dequantize } from "../gguf/dequantize.ts";
import type { TensorTypeName } from "../gguf/tensor_types.ts";

/** A file's tensors by name, as floats, and its metadata. */
export interface Safetensors {
  metadata: Record<string, string>;
  tensors: Map<string, { shape: number[]; data: Float32Array<ArrayBuffer> }>;
}

/** Bytes of the number before the header. */
const LENGTH_BYTES = 8;

/** The element types that are read, in both formats' names. */
const TYPES = ["F32", "F16", "BF16"] as const satisfies TensorTypeName[];

/** What the header says of a tensor. */
interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [start: number, end: number];
}

/**
 * Parses a whole file.
 *
 * @throws {SyntaxError} if it is no safetensors file, or ends too soon.
 * @throws {TypeError} if a tensor is not of floats.
 */
export function parseSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < LENGTH_BYTES) throw malformed("a header", "none");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const body = bytes.subarray(LENGTH_BYTES);
  if (headerBytes > body.length) {
    throw malformed("a header within the file", `${headerBytes} bytes`);
  }
  const { __metadata__: metadata = {}, ...entries } = parseHeader(
    body.subarray(0, headerBytes),
  );
  const data = body.subarray(headerBytes);
  const tensors: Safetensors["tensors"] = new Map();
  for (const [name, entry] of Object.entries(entries)) {
    tensors.set(name, readTensor(name, entry as unknown as Entry, data));
  }
  return { metadata, tensors };
}

function parseHeader(
  bytes: Uint8Array,
): Record<string, Record<string, string>> {
  const text = new TextDecoder().decode(bytes);
  try {
    const header = JSON.parse(text);
    if (typeof header === "object" && header !== null) return header;
  } catch {
    // Refused below, like any other header that is no object.
  }
  throw malformed("a header of JSON", JSON.stringify(text.slice(0, 40)));
}

function readTensor(
  name: string,
  { dtype, shape, data_offsets }: Entry,
  data: Uint8Array,
): { shape: number[]; data: Float32Array<ArrayBuffer> } {
  const type = TYPES.find((known) => known === dtype);
  if (!type) {
    throw new TypeError(
      `Cannot read ${name}: its type must be one of ${
        TYPES.join(", ")
      }: received ${dtype}`,
    );
  }
  const sizes = Array.isArray(shape) ? shape : [NaN];
  const [start, end] = Array.isArray(data_offsets) ? data_offsets : [NaN, NaN];
  const size = sizes.reduce((product, dim) => product * dim, 1);
  const bytes = size * (type === "F32" ? 4 : 2);
  if (!(start >= 0 && end <= data.length && end - start === bytes)) {
    throw malformed(
      `${name} of ${sizes.join("×")} within the file`,
      `bytes ${start} to ${end} of ${data.length}`,
    );
  }
  const floats = new Float32Array(size);
  dequantize(type, data.subarray(start, end), floats);
  return { shape: sizes, data: floats };
}

function malformed(rule: string, received: string): SyntaxError {
  return new SyntaxError(
    `Cannot read a safetensors file: ${rule} is required: received ${received}`,
  );
}
