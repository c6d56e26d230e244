/**
 * A tiny random model of each architecture, the same in each process.
 *
 * @module
 */

import { TINY, type TinyOptions } from "../../toy/tiny_gguf.ts";

const { heads, kvHeads, headDim } = TINY;
const [q, kv] = [heads * headDim, kvHeads * headDim];

const COMMON = { seed: 7, exact: true, context: 512 };
const BIASES = {
  "attn_q.bias": [q],
  "attn_k.bias": [kv],
  "attn_v.bias": [kv],
};

/** The models by name. */
export const FAMILY_FILES: Record<string, TinyOptions> = {
  "llama": { ...COMMON },
  "llama-factors": {
    ...COMMON,
    tensors: { "rope_freqs.weight": [headDim / 2] },
    numbers: { "rope.freq_base": 500_000 },
  },
  "llama-linear": { ...COMMON, numbers: { "rope.scaling.factor": 4 } },
  "llama-biases": { ...COMMON, perLayer: BIASES },
  "qwen2": { ...COMMON, architecture: "qwen2", perLayer: BIASES },
  "qwen3": {
    ...COMMON,
    architecture: "qwen3",
    perLayer: {
      "attn_q_norm.weight": [headDim],
      "attn_k_norm.weight": [headDim],
    },
  },
  "granite": {
    ...COMMON,
    architecture: "granite",
    numbers: {
      embedding_scale: 12,
      residual_scale: 0.25,
      "attention.scale": 0.125,
      logit_scale: 4,
    },
  },
  "smollm3": { ...COMMON, architecture: "smollm3", layers: 5 },
};

/** A text whose last position is past 300. */
export const IDS = Int32Array.from(
  { length: 320 },
  (_, i) => (i * i * 31 + i * 7 + 5) % 296,
);

/** Lengths of the beginnings of it after which the next token is compared. */
export const LENGTHS = [1, 2, 33, 320];
