/**
 * Tiny models that make vectors, the same in each process.
 *
 * @module
 */

import { FAMILY_FILES, IDS } from "../../../models/architectures/_families.ts";
import type { TinyOptions } from "../../../toy/tiny_gguf.ts";

const qwen = FAMILY_FILES.qwen3;

/** The models by their pooling, which has llama.cpp's number in the file. */
export const POOLED: Record<"mean" | "last", TinyOptions> = {
  mean: { ...qwen, counts: { pooling_type: 1 } },
  last: { ...qwen, counts: { pooling_type: 3 } },
};

/** Lengths of the texts. */
export const LENGTHS = [1, 33, 100];

export { IDS };
