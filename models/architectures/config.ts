/**
 * Reads the dimensions of a model, and refuses what its graph would not compute.
 *
 * @module
 */

import type { TensorInfo } from "../gguf/directory.ts";
import {
  COUNT,
  field,
  type Metadata,
  optionalField,
  POSITIVE,
  TEXT,
} from "../gguf/field.ts";
import { checkDimensions, checkFeatures } from "./checks.ts";
import { type Activation, FAMILIES, type Family } from "./families.ts";
import {
  type LongRotary,
  readOriginalContext,
  readRotary,
  type Rotary,
} from "./rotary.ts";
import { checkTensors, LONG_FACTORS, refusal } from "./tensors.ts";
import { readWindow, type Window } from "./window.ts";

/** The dimensions of a model, and what its graph computes. */
export interface ModelConfig {
  /** Name in the file, such as `"llama"`. */
  architecture: string;
  layers: number;
  /** Query heads. */
  heads: number;
  /** Key and value heads; each is shared by `heads / kvHeads` query heads. */
  kvHeads: number;
  /** Size of a head. */
  headDim: number;
  /** Size of a hidden state. */
  dim: number;
  /** Inner size of a feed-forward block. */
  hidden: number;
  /** Rows of the embedding, at least one for each token. */
  vocab: number;
  /** Context length of training, in tokens. */
  context: number;
  /** Numbers of a head that rotary embedding rotates. */
  rotated: number;
  /** The angles of rotary embedding. */
  rotary: Rotary;
  /** The angles of long contexts, if they are others. */
  longRotary?: LongRotary;
  /** The layers with a sliding window, if there are any. */
  window?: Window;
  /** Every n-th layer has no rotary embedding; all have one unless given. */
  unrotated?: number;
  /** Added in normalisation to avoid a division by zero. */
  epsilon: number;
  /** Where blocks normalise. */
  norms: "before" | "after" | "both";
  /** Whether norms are by mean and variance, with a bias, else RMS. */
  layerNorms: boolean;
  /** How queries and keys are normalised; they are not unless given. */
  queryKeyNorms?: "heads" | "whole";
  activation: Activation;
  /** Whether the feed-forward network has a gate. */
  gated: boolean;
  /** Whether attention and feed-forward read the same input. */
  parallel: boolean;
  /** Whether the head uses the embedding matrix. */
  tiedHead: boolean;
  /** Whether queries, keys and values have biases. */
  biases: boolean;
  /** Whether the file has queries, keys and values in one tensor, and gate and up. */
  fused: boolean;
  /** Whether the file's rows of queries and keys are in pairs, else in halves. */
  pairs: boolean;
  scales: Scales;
}

/** A {@linkcode ModelConfig} without what a file lists by layer or by dimension. */
export type Dimensions = Omit<ModelConfig, "rotary" | "longRotary" | "window">;

/** Factors that an architecture multiplies with. */
export interface Scales {
  embedding: number;
  /** Of what a block adds to the residual stream. */
  residual: number;
  /** Of the products of queries and keys. */
  attention: number;
  logits: number;
}

/** Layers of Gemma 3 27B, whose attention has another scale. */
const LARGEST_GEMMA = 62;

/**
 * Reads the dimensions and checks every tensor against them.
 *
 * Divisors of rotary frequencies are tensors: they are the caller's to read.
 *
 * @throws {TypeError} if the architecture or a feature is not supported, or a field has
 * the wrong type.
 * @throws {RangeError} if dimensions or shapes contradict each other.
 */
export function modelConfig(
  metadata: Metadata,
  tensors: ReadonlyMap<string, TensorInfo>,
): ModelConfig {
  const architecture = field(metadata, "general.architecture", TEXT);
  if (!Object.hasOwn(FAMILIES, architecture)) {
    const rule = `general.architecture must be one of ${
      Object.keys(FAMILIES).join(", ")
    }`;
    throw refusal(TypeError, rule, JSON.stringify(architecture));
  }
  const family = FAMILIES[architecture];
  checkFeatures(metadata, architecture, family);
  const dimensions = readDimensions(metadata, tensors, {
    architecture,
    family,
  });
  checkDimensions(dimensions, metadata);
  checkTensors(tensors, dimensions);
  // The tensors prove that lists by layer and by dimension are short.
  const rotary = readRotary(metadata, dimensions);
  const config: ModelConfig = { ...dimensions, rotary };
  if (tensors.has(LONG_FACTORS)) {
    const beyond = readOriginalContext(metadata, architecture);
    config.longRotary = { ...rotary, beyond };
  }
  const window = readWindow(metadata, { ...dimensions, usual: family.window });
  if (window) config.window = window;
  return config;
}

function readDimensions(
  metadata: Metadata,
  tensors: ReadonlyMap<string, TensorInfo>,
  { architecture, family }: { architecture: string; family: Family },
): Dimensions {
  const embedding = tensors.get("token_embd.weight");
  if (embedding === undefined) {
    throw refusal(RangeError, "token_embd.weight must exist", "none");
  }
  const count = (key: string) =>
    field(metadata, `${architecture}.${key}`, COUNT);
  const maybe = (key: string) =>
    optionalField(metadata, `${architecture}.${key}`, COUNT);
  const { norms = "before", layerNorms = false, biases } = family;
  const epsilon = layerNorms ? "layer_norm_epsilon" : "layer_norm_rms_epsilon";
  const layers = count("block_count");
  const dim = count("embedding_length");
  const heads = count("attention.head_count");
  const headDim = maybe("attention.key_length") ?? dim / heads;
  return {
    architecture,
    layers,
    heads,
    kvHeads: maybe("attention.head_count_kv") ?? heads,
    headDim,
    dim,
    hidden: count("feed_forward_length"),
    vocab: embedding.shape[0],
    context: count("context_length"),
    rotated: maybe("rope.dimension_count") ?? headDim,
    ...family.unrotated !== undefined && { unrotated: family.unrotated },
    epsilon: field(metadata, `${architecture}.attention.${epsilon}`, POSITIVE),
    norms,
    layerNorms,
    ...family.queryKeyNorms && { queryKeyNorms: family.queryKeyNorms },
    activation: family.activation ?? "silu",
    gated: !family.ungated,
    parallel: family.parallel ?? false,
    tiedHead: !tensors.has("output.weight"),
    biases: biases === "always" ||
      biases === "maybe" && tensors.has("blk.0.attn_q.bias"),
    fused: family.fused ?? false,
    pairs: family.pairs,
    scales: family.scales === "gemma"
      ? gemmaScales({ layers, dim, heads, headDim })
      : readScales(metadata, { architecture, family, headDim }),
  };
}

/** Returns Gemma's scales, which are in no file. */
function gemmaScales(
  { layers, dim, heads, headDim }: Record<
    "layers" | "dim" | "heads" | "headDim",
    number
  >,
): Scales {
  return {
    embedding: Math.fround(Math.sqrt(dim)),
    residual: 1,
    attention: (layers === LARGEST_GEMMA ? dim / heads : headDim) ** -0.5,
    logits: 1,
  };
}

function readScales(
  metadata: Metadata,
  { architecture, family, headDim }: {
    architecture: string;
    family: Family;
    headDim: number;
  },
): Scales {
  const read = (key: string) =>
    family.scales === "file"
      ? optionalField(metadata, `${architecture}.${key}`, POSITIVE)
      : undefined;
  return {
    embedding: read("embedding_scale") ?? 1,
    residual: read("residual_scale") ?? 1,
    attention: read("attention.scale") ?? headDim ** -0.5,
    logits: 1 / (read("logit_scale") ?? 1),
  };
}
