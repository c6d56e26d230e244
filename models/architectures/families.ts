/**
 * The architectures that are served, and what each of them has that Llama has not.
 *
 * Llama is a decoder of blocks in sequence. Each block adds to the residual stream what
 * attention with rotary embedding computes, and then what a gated feed-forward network
 * computes. Both read the stream after RMS normalisation.
 *
 * @module
 */

/** The function between the two matrices of a feed-forward network. */
export type Activation = "silu" | "gelu" | "gelu-tanh";

/** What an architecture has beyond plain Llama. */
export interface Family {
  /** Whether rotary embedding rotates pairs of neighbours, else halves of a head. */
  pairs: boolean;
  /** Biases of queries, keys and values. */
  biases?: "always" | "maybe";
  /** Normalisation of queries and keys: of each head, or of all heads at once. */
  queryKeyNorms?: "heads" | "whole";
  /** Where RMS normalisation is: around attention and feed-forward. @default "before" */
  norms?: "before" | "after" | "both";
  /** Normalises by mean and variance, with a bias, instead of RMS. */
  layerNorms?: boolean;
  /** @default "silu" */
  activation?: Activation;
  /** The feed-forward network has no gate. */
  ungated?: boolean;
  /** Attention and feed-forward read the same input, and are added at once. */
  parallel?: boolean;
  /** Queries, keys and values are one tensor, and so are gate and up. */
  fused?: boolean;
  /** Scales are read from the file, or embeddings have that of Gemma. */
  scales?: "file" | "gemma";
  /** Every n-th layer has no rotary embedding. */
  unrotated?: number;
  /** What attends to few tokens, if the file states how many. */
  window?: {
    /** Of each so many layers, all but the last, unless the file says otherwise. */
    period: number;
    /** Base of the rotary angles in these layers; the file's or all layers' if absent. */
    base?: number;
  };
}

/** The architectures by their name in a file. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { pairs: true, biases: "maybe" },
  qwen2: { pairs: false, biases: "always" },
  qwen3: { pairs: false, queryKeyNorms: "heads" },
  gemma3: {
    pairs: false,
    queryKeyNorms: "heads",
    norms: "both",
    activation: "gelu-tanh",
    scales: "gemma",
    window: { period: 6, base: 10_000 },
  },
  phi3: { pairs: false, fused: true, window: { period: 0 } },
  granite: { pairs: true, scales: "file" },
  olmo2: {
    pairs: false,
    queryKeyNorms: "whole",
    norms: "after",
    window: { period: 4 },
  },
  smollm3: { pairs: true, unrotated: 4 },
  falcon: {
    pairs: false,
    layerNorms: true,
    activation: "gelu",
    ungated: true,
    parallel: true,
    fused: true,
  },
};
