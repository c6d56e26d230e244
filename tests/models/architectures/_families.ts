/**
 * A tiny random model of each architecture, the same in each process.
 *
 * @module
 */

import { TINY, type TinyOptions } from "../../toy/tiny_gguf.ts";

const { heads, kvHeads, headDim, dim, hidden } = TINY;
const [q, kv] = [heads * headDim, kvHeads * headDim];

/** Each query head has keys and values of its own. */
export const OWN_KEYS = {
  counts: { "attention.head_count_kv": heads },
  perLayer: { "attn_k.weight": [q, dim], "attn_v.weight": [q, dim] },
};

/** Gemma's heads are larger than their share of a hidden state. */
const WIDE = 2 * headDim;

const COMMON = { seed: 7, exact: true, context: 512 };

/** A Llama whose query heads share no keys. */
export const UNSHARED: TinyOptions = { ...COMMON, ...OWN_KEYS };

const BIASES = {
  "attn_q.bias": [q],
  "attn_k.bias": [kv],
  "attn_v.bias": [kv],
};

const GEMMA: TinyOptions = {
  ...COMMON,
  architecture: "gemma3",
  without: ["output.weight"],
  perLayer: {
    "attn_q.weight": [heads * WIDE, dim],
    "attn_k.weight": [kvHeads * WIDE, dim],
    "attn_v.weight": [kvHeads * WIDE, dim],
    "attn_output.weight": [dim, heads * WIDE],
    "attn_q_norm.weight": [WIDE],
    "attn_k_norm.weight": [WIDE],
    "post_attention_norm.weight": [dim],
    "post_ffw_norm.weight": [dim],
  },
  numbers: { "rope.freq_base": 1_000_000 },
  counts: {
    "attention.key_length": WIDE,
    "attention.value_length": WIDE,
    "attention.sliding_window": 64,
  },
};

const PHI: TinyOptions = {
  ...COMMON,
  architecture: "phi3",
  without: [
    "attn_q.weight",
    "attn_k.weight",
    "attn_v.weight",
    "ffn_gate.weight",
  ],
  perLayer: {
    "attn_qkv.weight": [q + 2 * kv, dim],
    "ffn_up.weight": [2 * hidden, dim],
  },
};

const OLMO: TinyOptions = {
  ...COMMON,
  architecture: "olmo2",
  without: ["attn_norm.weight", "ffn_norm.weight"],
  perLayer: {
    "attn_q_norm.weight": [q],
    "attn_k_norm.weight": [kv],
    "post_attention_norm.weight": [dim],
    "post_ffw_norm.weight": [dim],
  },
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
  "gemma3": { ...GEMMA, layers: 7 },
  "gemma3-linear": {
    ...GEMMA,
    layers: 7,
    numbers: { ...GEMMA.numbers, "rope.scaling.factor": 8 },
  },
  "phi3": PHI,
  "phi3-window": { ...PHI, counts: { "attention.sliding_window": 64 } },
  "phi3-long": {
    ...PHI,
    tensors: {
      "rope_factors_long.weight": [headDim / 4],
      "rope_factors_short.weight": [headDim / 4],
    },
    numbers: { "rope.scaling.attn_factor": 1.19 },
    counts: {
      "rope.dimension_count": headDim / 2,
      "rope.scaling.original_context_length": 256,
    },
  },
  "olmo2": OLMO,
  "olmo2-window": {
    ...OLMO,
    layers: 5,
    counts: { "attention.sliding_window": 64 },
  },
  "falcon": {
    ...COMMON,
    architecture: "falcon",
    without: [
      "attn_q.weight",
      "attn_k.weight",
      "attn_v.weight",
      "ffn_gate.weight",
      "ffn_norm.weight",
      "output.weight",
    ],
    perLayer: {
      "attn_qkv.weight": [q + 2 * kv, dim],
      "attn_norm.bias": [dim],
    },
    tensors: { "output_norm.bias": [dim] },
    numbers: { "attention.layer_norm_epsilon": 1e-5 },
  },
};

/** Models that llama.cpp computes otherwise: it leaves Phi's window out. */
export const ONLY_PYTORCH = ["phi3-window"];

/** A text whose last position is past 300. */
export const IDS = Int32Array.from(
  { length: 320 },
  (_, i) => (i * i * 31 + i * 7 + 5) % 296,
);

/** Lengths of the beginnings of it after which the next token is compared. */
export const LENGTHS = [1, 2, 33, 320];
