/**
 * The storage types of GGUF tensors: blocks of values that share their scales. Header
 * checks and unpacking use the same table.
 *
 * @module
 */

/** A storage type of a tensor. */
export interface TensorType {
  /** Values in a block. */
  values: number;
  /** Bytes of a block. */
  bytes: number;
  /** ggml's number for this type. */
  code: number;
}

/** The supported types, by ggml's names. */
export const TENSOR_TYPES = {
  F32: { values: 1, bytes: 4, code: 0 },
  F16: { values: 1, bytes: 2, code: 1 },
  BF16: { values: 1, bytes: 2, code: 30 },
  Q4_0: { values: 32, bytes: 18, code: 2 },
  Q4_1: { values: 32, bytes: 20, code: 3 },
  Q5_0: { values: 32, bytes: 22, code: 6 },
  Q5_1: { values: 32, bytes: 24, code: 7 },
  Q8_0: { values: 32, bytes: 34, code: 8 },
  Q2_K: { values: 256, bytes: 84, code: 10 },
  Q3_K: { values: 256, bytes: 110, code: 11 },
  Q4_K: { values: 256, bytes: 144, code: 12 },
  Q5_K: { values: 256, bytes: 176, code: 13 },
  Q6_K: { values: 256, bytes: 210, code: 14 },
  IQ4_NL: { values: 32, bytes: 18, code: 20 },
  IQ4_XS: { values: 256, bytes: 136, code: 23 },
  MXFP4: { values: 32, bytes: 17, code: 39 },
} as const satisfies Record<string, TensorType>;

/** The name of a supported type. */
export type TensorTypeName = keyof typeof TENSOR_TYPES;

const NAMES = new Map(
  Object.entries(TENSOR_TYPES).map((
    [name, { code }],
  ) => [code as number, name as TensorTypeName]),
);

/** Returns the name of ggml's type `code`, if it is supported. */
export function tensorTypeName(code: number): TensorTypeName | undefined {
  return NAMES.get(code);
}
