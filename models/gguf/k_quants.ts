/**
 * ggml's K-quants: blocks of 256 values with packed scales.
 *
 * ```text
 * Q2_K  scales:u8[16] q:u8[64] d:f16 dmin:f16                      d s q - dmin m
 * Q3_K  h:u8[32] q:u8[64] scales:u8[12] d:f16                      d (s - 32) (q - 4)
 * Q4_K  d:f16 dmin:f16 scales:u8[12]         q:u8[128]             d s q - dmin m
 * Q5_K  d:f16 dmin:f16 scales:u8[12] h:u8[32] q:u8[128]            d s q - dmin m
 * Q6_K  q:u8[128] h:u8[64] scales:i8[16] d:f16                     d s (q - 32)
 * ```
 *
 * In Q2_K each run of 16 values has a 4-bit scale `s` and minimum `m`, and in Q3_K a
 * 6-bit scale. In Q4_K and Q5_K each run of 32 values has a 6-bit scale `s` and minimum `m`; in
 * Q6_K each run of 16 has a signed 8-bit scale.
 *
 * @module
 */

import { half } from "./half.ts";
import { TENSOR_TYPES } from "./tensor_types.ts";

/** Unpacks Q2_K blocks: two halves of 128 values, each of four runs of 32. */
export function unpackQ2_K(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 256) {
    const d = half(bytes, at + 80);
    const dmin = half(bytes, at + 82);
    for (let run = 0; run < 8; run++) {
      const pairs = at + 16 + (run >> 2) * 32;
      const shift = (run & 3) * 2;
      for (let i = 0; i < 32; i++) {
        const scale = bytes[at + run * 2 + (i >> 4)];
        const q = bytes[pairs + i] >> shift & 3;
        out[to + run * 32 + i] = d * (scale & 15) * q - dmin * (scale >> 4);
      }
    }
    at += TENSOR_TYPES.Q2_K.bytes;
  }
}

/** Unpacks Q3_K blocks; a number whose high bit is 0 is 4 less. */
export function unpackQ3_K(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 256) {
    const d = half(bytes, at + 108);
    for (let run = 0; run < 8; run++) {
      const pairs = at + 32 + (run >> 2) * 32;
      const shift = (run & 3) * 2;
      for (let i = 0; i < 32; i++) {
        const scale = d * (scaleOfQ3(bytes, at + 96, run * 2 + (i >> 4)) - 32);
        const low = bytes[pairs + i] >> shift & 3;
        const high = bytes[at + i] >> run & 1;
        out[to + run * 32 + i] = scale * (low + 4 * high - 4);
      }
    }
    at += TENSOR_TYPES.Q3_K.bytes;
  }
}

/**
 * Returns the 6-bit scale of a run of 16 values. Eight bytes have the low nibbles, four
 * bytes the upper two bits.
 */
function scaleOfQ3(bytes: Uint8Array, at: number, run: number): number {
  const low = bytes[at + (run & 7)] >> (run >> 3) * 4 & 15;
  const high = bytes[at + 8 + (run & 3)] >> (run >> 2) * 2 & 3;
  return low | high << 4;
}

/** Unpacks Q4_K blocks. */
export function unpackQ4_K(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 256) {
    const d = half(bytes, at);
    const dmin = half(bytes, at + 2);
    for (let run = 0; run < 8; run++) {
      const scale = d * scaleOf(bytes, at + 4, run);
      const min = dmin * minOf(bytes, at + 4, run);
      const nibbles = at + 16 + (run >> 1) * 32;
      const shift = (run & 1) * 4;
      for (let i = 0; i < 32; i++) {
        out[to + run * 32 + i] = scale * (bytes[nibbles + i] >> shift & 15) -
          min;
      }
    }
    at += TENSOR_TYPES.Q4_K.bytes;
  }
}

/** Unpacks Q5_K blocks. */
export function unpackQ5_K(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 256) {
    const d = half(bytes, at);
    const dmin = half(bytes, at + 2);
    const high = at + 16;
    for (let run = 0; run < 8; run++) {
      const scale = d * scaleOf(bytes, at + 4, run);
      const min = dmin * minOf(bytes, at + 4, run);
      const nibbles = at + 48 + (run >> 1) * 32;
      const shift = (run & 1) * 4;
      for (let i = 0; i < 32; i++) {
        const low = bytes[nibbles + i] >> shift & 15;
        const q = low | (bytes[high + i] >> run & 1) << 4;
        out[to + run * 32 + i] = scale * q - min;
      }
    }
    at += TENSOR_TYPES.Q5_K.bytes;
  }
}

/** Unpacks Q6_K blocks: two halves of 128 values, each of four runs of 32. */
export function unpackQ6_K(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 256) {
    const scales = at + 192;
    const d = half(bytes, at + 208);
    for (let run = 0; run < 8; run++) {
      const side = run >> 2;
      const lows = at + side * 64 + (run & 1) * 32;
      const highs = at + 128 + side * 32;
      const lowShift = (run & 2) * 2;
      const highShift = (run & 3) * 2;
      for (let i = 0; i < 32; i++) {
        const scale = d *
          (bytes[scales + run * 2 + (i >> 4)] << 24 >> 24);
        const low = bytes[lows + i] >> lowShift & 15;
        const high = bytes[highs + i] >> highShift & 3;
        out[to + run * 32 + i] = scale * ((low | high << 4) - 32);
      }
    }
    at += TENSOR_TYPES.Q6_K.bytes;
  }
}

/**
 * Returns the 6-bit scale of a run. The twelve bytes hold four scales, four minima and
 * the low nibbles of the other four of each. The top two bits of the first eight bytes
 * complete those nibbles.
 */
function scaleOf(bytes: Uint8Array, at: number, run: number): number {
  if (run < 4) return bytes[at + run] & 63;
  return bytes[at + run + 4] & 15 | bytes[at + run - 4] >> 6 << 4;
}

/** Returns the 6-bit minimum of a run. */
function minOf(bytes: Uint8Array, at: number, run: number): number {
  if (run < 4) return bytes[at + run + 4] & 63;
  return bytes[at + run + 4] >> 4 | bytes[at + run] >> 6 << 4;
}
