/**
 * Parses safetensors files: a JSON header, then the tensors' bytes.
 * Format: https://huggingface.co/docs/safetensors, "Format".
 *
 * @module
 */

import { z } from "zod";
import { dequantize } from "../gguf/dequantize.ts";
import type { TensorTypeName } from "../gguf/tensor_types.ts";

/** A tensor of a file. */
export interface StoredFloats {
  shape: number[];
  /** Its numbers, unpacked when they are first read. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** A file's metadata, and its tensors by name. */
export interface Safetensors {
  metadata: Record<string, string>;
  tensors: Map<string, StoredFloats>;
}

/** Bytes of the header's length, before the header. */
const LENGTH_BYTES = 8;

/** The supported element types; GGUF has the same names for them. */
const TYPES = ["F32", "F16", "BF16"] as const satisfies TensorTypeName[];

const HEADER = z.object({
  __metadata__: z.record(z.string(), z.string()).default({}),
}).catchall(z.unknown());

/** The header's entry for a tensor. */
const ENTRY = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  /** First byte, and the byte after the last. */
  data_offsets: z.tuple([z.int().nonnegative(), z.int()]),
});

/**
 * Parses a whole file.
 *
 * @throws {SyntaxError} if it is not a safetensors file, or is truncated.
 * @throws {TypeError} if the elements of a tensor are not floats.
 */
export function parseSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < LENGTH_BYTES) throw malformed("a header", "none");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const body = bytes.subarray(LENGTH_BYTES);
  if (headerBytes > body.length) {
    throw malformed("a header within the file", `${headerBytes} bytes`);
  }
  const { __metadata__: metadata, ...entries } = parseHeader(
    body.subarray(0, headerBytes),
  );
  const data = body.subarray(headerBytes);
  const tensors: Safetensors["tensors"] = new Map();
  for (const [name, entry] of Object.entries(entries)) {
    tensors.set(name, readTensor(name, entry, data));
  }
  return { metadata, tensors };
}

function parseHeader(bytes: Uint8Array): z.infer<typeof HEADER> {
  const text = new TextDecoder().decode(bytes);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Rejected below, like any other header that is not an object.
  }
  const { success, data } = HEADER.safeParse(json);
  if (success) return data;
  throw malformed("a JSON header", JSON.stringify(text.slice(0, 40)));
}

function readTensor(
  name: string,
  entry: unknown,
  data: Uint8Array,
): StoredFloats {
  const parsed = ENTRY.safeParse(entry);
  if (!parsed.success) {
    const received = String(JSON.stringify(entry)).slice(0, 80);
    throw malformed(`${name} with a type, a shape and offsets`, received);
  }
  const { dtype, shape, data_offsets: [start, end] } = parsed.data;
  const type = TYPES.find((known) => known === dtype);
  if (!type) {
    throw new TypeError(
      `Cannot read ${name}: its type must be one of ${
        TYPES.join(", ")
      }: received ${dtype}`,
    );
  }
  const size = shape.reduce((product, dim) => product * dim, 1);
  const bytes = size * (type === "F32" ? 4 : 2);
  if (end > data.length || end - start !== bytes) {
    throw malformed(
      `${name} of ${shape.join("×")} within the file`,
      `bytes ${start} to ${end} of ${data.length}`,
    );
  }
  let floats: Float32Array<ArrayBuffer> | undefined;
  return {
    shape,
    get data() {
      if (floats) return floats;
      floats = new Float32Array(size);
      dequantize(type, data.subarray(start, end), floats);
      return floats;
    },
  };
}

function malformed(rule: string, received: string): SyntaxError {
  return new SyntaxError(
    `Cannot read a safetensors file: ${rule} is required: received ${received}`,
  );
}
