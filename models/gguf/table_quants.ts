/**
 * ggml's quantisations whose 4-bit numbers `q` are places in a table of 16 values, which
 * are denser near zero. The low nibble of byte `i` of a run is value `i`, the high nibble
 * is value `i + 16`.
 *
 * ```text
 * IQ4_NL  d:f16                    q:u8[16]   d IQ4[q]
 * IQ4_XS  d:f16 h:u16 s:u8[4]      q:u8[128]  d (s - 32) IQ4[q]
 * MXFP4   e:u8                     q:u8[16]   2^(e - 128) E2M1[q]
 * ```
 *
 * In IQ4_XS each of eight runs of 32 values has a 6-bit scale, whose upper two bits are
 * in `h`.
 *
 * @module
 */

import { half } from "./half.ts";
import { TENSOR_TYPES } from "./tensor_types.ts";

// deno-fmt-ignore
const IQ4 = Int8Array.of(
  -127, -104, -83, -65, -49, -35, -22, -10,
  1, 13, 25, 38, 53, 69, 89, 113,
);

/** Twice the values of a float of two bits of exponent and one of fraction. */
// deno-fmt-ignore
const E2M1 = Int8Array.of(
  0, 1, 2, 3, 4, 6, 8, 12,
  0, -1, -2, -3, -4, -6, -8, -12,
);

/** Unpacks IQ4_NL blocks. */
export function unpackIQ4_NL(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 32) {
    unpackRun(bytes, out, { at: at + 2, to, scale: half(bytes, at) }, IQ4);
    at += TENSOR_TYPES.IQ4_NL.bytes;
  }
}

/** Unpacks IQ4_XS blocks. */
export function unpackIQ4_XS(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 256) {
    const d = half(bytes, at);
    const high = bytes[at + 2] | bytes[at + 3] << 8;
    for (let run = 0; run < 8; run++) {
      const low = bytes[at + 4 + (run >> 1)] >> (run & 1) * 4 & 15;
      const scale = d * ((low | (high >> run * 2 & 3) << 4) - 32);
      const place = { at: at + 8 + run * 16, to: to + run * 32, scale };
      unpackRun(bytes, out, place, IQ4);
    }
    at += TENSOR_TYPES.IQ4_XS.bytes;
  }
}

/** Unpacks MXFP4 blocks. */
export function unpackMXFP4(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; to += 32) {
    const scale = 2 ** (bytes[at] - 128);
    unpackRun(bytes, out, { at: at + 1, to, scale }, E2M1);
    at += TENSOR_TYPES.MXFP4.bytes;
  }
}

/** Unpacks 32 values of 16 bytes. */
function unpackRun(
  bytes: Uint8Array,
  out: Float32Array,
  { at, to, scale }: { at: number; to: number; scale: number },
  table: Int8Array,
): void {
  for (let i = 0; i < 16; i++) {
    const pair = bytes[at + i];
    out[to + i] = scale * table[pair & 15];
    out[to + i + 16] = scale * table[pair >> 4];
  }
}
