/**
 * Numbers as GGUF files store them.
 *
 * @module
 */

import {
  TENSOR_TYPES,
  type TensorTypeName,
} from "../../models/gguf/tensor_types.ts";

/** Packs numbers, by the type of the tensor. */
export const PACK = {
  F32: (values: Float32Array) => new Uint8Array(values.buffer),
  F16: (values: Float32Array) =>
    new Uint8Array(Float16Array.from(values).buffer),
  Q8_0: packQ8,
  Q4_0: packQ4,
} satisfies Partial<
  Record<TensorTypeName, (values: Float32Array) => Uint8Array>
>;

/** Packs 32 numbers at a time: a half for the scale, then a byte each. */
function packQ8(values: Float32Array): Uint8Array {
  const { values: size, bytes } = TENSOR_TYPES.Q8_0;
  const out = new Uint8Array(values.length / size * bytes);
  const view = new DataView(out.buffer);
  for (let block = 0; block * size < values.length; block++) {
    const part = values.subarray(block * size, (block + 1) * size);
    const scale = Math.max(...part.map(Math.abs)) / 127;
    view.setFloat16(block * bytes, scale, true);
    part.forEach((x, i) => {
      view.setInt8(block * bytes + 2 + i, Math.round(x / scale));
    });
  }
  return out;
}

/** Packs 32 numbers at a time: a half for the scale, then four bits each. */
function packQ4(values: Float32Array): Uint8Array {
  const { values: size, bytes } = TENSOR_TYPES.Q4_0;
  const out = new Uint8Array(values.length / size * bytes);
  const view = new DataView(out.buffer);
  for (let block = 0; block * size < values.length; block++) {
    const part = values.subarray(block * size, (block + 1) * size);
    const [largest] = part.toSorted((a, b) => Math.abs(b) - Math.abs(a));
    const scale = largest / -8;
    view.setFloat16(block * bytes, scale, true);
    part.forEach((x, i) => {
      const level = Math.min(15, Math.round(x / scale) + 8);
      const at = block * bytes + 2 + i % (size / 2);
      out[at] |= level << (i < size / 2 ? 0 : 4);
    });
  }
  return out;
}
