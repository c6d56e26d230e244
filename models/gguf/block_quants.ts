/**
 * ggml's first quantisations: blocks of 32 values with one scale `d`, and in the
 * `_1` types a minimum `m`. The low nibble of byte `i` is value `i`, the high nibble is
 * value `i + 16`. The 5-bit types store all fifth bits in one integer, `h`.
 *
 * ```text
 * Q4_0  d:f16             q:u8[16]   d (q - 8)
 * Q4_1  d:f16 m:f16       q:u8[16]   d q + m
 * Q5_0  d:f16       h:u32 q:u8[16]   d (q - 16)
 * Q5_1  d:f16 m:f16 h:u32 q:u8[16]   d q + m
 * Q8_0  d:f16             q:i8[32]   d q
 * ```
 *
 * @module
 */

import { half } from "./half.ts";
import { TENSOR_TYPES } from "./tensor_types.ts";

/** Unpacks Q4_0 blocks. */
export function unpackQ4_0(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 32) {
    const d = half(bytes, at);
    const nibbles = at + 2;
    for (let i = 0; i < 16; i++) {
      const pair = bytes[nibbles + i];
      out[to + i] = d * ((pair & 15) - 8);
      out[to + i + 16] = d * ((pair >> 4) - 8);
    }
    at += TENSOR_TYPES.Q4_0.bytes;
  }
}

/** Unpacks Q4_1 blocks. */
export function unpackQ4_1(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 32) {
    const d = half(bytes, at);
    const m = half(bytes, at + 2);
    const nibbles = at + 4;
    for (let i = 0; i < 16; i++) {
      const pair = bytes[nibbles + i];
      out[to + i] = d * (pair & 15) + m;
      out[to + i + 16] = d * (pair >> 4) + m;
    }
    at += TENSOR_TYPES.Q4_1.bytes;
  }
}

/** Unpacks Q5_0 blocks. */
export function unpackQ5_0(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 32) {
    const d = half(bytes, at);
    const high = uint32(bytes, at + 2);
    const nibbles = at + 6;
    for (let i = 0; i < 16; i++) {
      const pair = bytes[nibbles + i];
      const low = pair & 15 | (high >> i & 1) << 4;
      out[to + i] = d * (low - 16);
      out[to + i + 16] = d * ((pair >> 4 | (high >> i + 16 & 1) << 4) - 16);
    }
    at += TENSOR_TYPES.Q5_0.bytes;
  }
}

/** Unpacks Q5_1 blocks. */
export function unpackQ5_1(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 32) {
    const d = half(bytes, at);
    const m = half(bytes, at + 2);
    const high = uint32(bytes, at + 4);
    const nibbles = at + 8;
    for (let i = 0; i < 16; i++) {
      const pair = bytes[nibbles + i];
      out[to + i] = d * (pair & 15 | (high >> i & 1) << 4) + m;
      out[to + i + 16] = d * (pair >> 4 | (high >> i + 16 & 1) << 4) + m;
    }
    at += TENSOR_TYPES.Q5_1.bytes;
  }
}

/** Unpacks Q8_0 blocks. */
export function unpackQ8_0(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 32) {
    const d = half(bytes, at);
    for (let i = 0; i < 32; i++) {
      out[to + i] = d * (bytes[at + 2 + i] << 24 >> 24);
    }
    at += TENSOR_TYPES.Q8_0.bytes;
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
    bytes[at + 3] << 24;
}
