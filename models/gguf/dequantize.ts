/**
 * Unpacks quantised weights into floats, bit for bit like ggml's reference. A double
 * represents every product exactly, so each value is rounded once, at the end.
 *
 * @module
 */

import {
  unpackQ4_0,
  unpackQ4_1,
  unpackQ5_0,
  unpackQ5_1,
  unpackQ8_0,
} from "./block_quants.ts";
import { half } from "./half.ts";
import {
  unpackQ2_K,
  unpackQ3_K,
  unpackQ4_K,
  unpackQ5_K,
  unpackQ6_K,
} from "./k_quants.ts";
import { unpackIQ4_NL, unpackIQ4_XS, unpackMXFP4 } from "./table_quants.ts";
import { TENSOR_TYPES, type TensorTypeName } from "./tensor_types.ts";

const UNPACK: Record<
  TensorTypeName,
  (bytes: Uint8Array, out: Float32Array) => void
> = {
  F32: unpackF32,
  F16: unpackF16,
  BF16: unpackBF16,
  Q4_0: unpackQ4_0,
  Q4_1: unpackQ4_1,
  Q5_0: unpackQ5_0,
  Q5_1: unpackQ5_1,
  Q8_0: unpackQ8_0,
  Q2_K: unpackQ2_K,
  Q3_K: unpackQ3_K,
  Q4_K: unpackQ4_K,
  Q5_K: unpackQ5_K,
  Q6_K: unpackQ6_K,
  IQ4_NL: unpackIQ4_NL,
  IQ4_XS: unpackIQ4_XS,
  MXFP4: unpackMXFP4,
};

/**
 * Unpacks whole blocks of a type into `out`, or into a new array.
 *
 * @throws {RangeError} if a block is incomplete, or `out` has another length.
 */
export function dequantize(
  type: TensorTypeName,
  bytes: Uint8Array,
  out?: Float32Array,
): Float32Array {
  const block = TENSOR_TYPES[type];
  if (bytes.length % block.bytes !== 0) {
    throw new RangeError(
      `Cannot dequantise ${type}: bytes must be a multiple of ${block.bytes}: received ${bytes.length}`,
    );
  }
  const length = bytes.length / block.bytes * block.values;
  const floats = out ?? new Float32Array(length);
  if (floats.length !== length) {
    throw new RangeError(
      `Cannot dequantise ${type}: the output must have ${length} values: received ${floats.length}`,
    );
  }
  UNPACK[type](bytes, floats);
  return floats;
}

function unpackF32(bytes: Uint8Array, out: Float32Array): void {
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
}

function unpackF16(bytes: Uint8Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = half(bytes, i * 2);
}

/** A bfloat16 is the upper half of a float's bits. */
function unpackBF16(bytes: Uint8Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) {
    bits[i] = bytes[i * 2] << 16 | bytes[i * 2 + 1] << 24;
  }
}
