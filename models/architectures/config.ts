/**
 * Reads the dimensions of a model, and refuses what its graph would not compute.
 *
 * All architectures here are decoders in Llama's form: normalisation, attention with
 * rotary embedding, normalisation, a gated feed-forward block. {@linkcode FAMILIES} lists
 * what each of them adds.
 *
 * @module
 */

import type { TensorInfo } from "../gguf/directory.ts";
import {
  COUNT,
  field,
  type FieldKind,
  INDEX,
  type Metadata,
  optionalField,
  POSITIVE,
  TEXT,
} from "../gguf/field.ts";
import { checkTensors, refusal } from "./tensors.ts";

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
  /** Base of the rotary angles. */
  ropeTheta: number;
  /** Divides all positions before they become rotary angles. */
  ropeScale: number;
  /** Divisors of the rotary frequencies, `[headDim / 2]`; all 1 unless given. */
  ropeFactors?: number[];
  /** Every n-th layer has no rotary embedding; all have one unless given. */
  unrotated?: number;
  /** Added in RMS normalisation to avoid a division by zero. */
  epsilon: number;
  /** Whether the head uses the embedding matrix. */
  tiedHead: boolean;
  /** Whether queries, keys and values have biases. */
  biases: boolean;
  /** Whether each head's queries and keys are normalised. */
  headNorms: boolean;
  /** Whether the file's rows of queries and keys are in pairs, else in halves. */
  pairs: boolean;
  scales: Scales;
}

/** Factors that an architecture multiplies with. */
export interface Scales {
  embedding: number;
  /** Of what a block adds to the residual stream. */
  residual: number;
  /** Of the products of queries and keys. */
  attention: number;
  logits: number;
}

/** What an architecture has beyond plain Llama. */
interface Family {
  /** Whether rotary embedding rotates pairs of neighbours, else halves of a head. */
  pairs: boolean;
  /** Biases of queries, keys and values. */
  biases?: "always" | "maybe";
  /** Normalisation of each head's queries and keys. */
  headNorms?: boolean;
  /** Scales are read from the file. */
  scaled?: boolean;
  /** Every n-th layer has no rotary embedding. */
  unrotated?: number;
}

/** The architectures that are served, by name in the file. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { pairs: true, biases: "maybe" },
  qwen2: { pairs: false, biases: "always" },
  qwen3: { pairs: false, headNorms: true },
  granite: { pairs: true, scaled: true },
  smollm3: { pairs: true, unrotated: 4 },
};

/** Rotary base of a file without one. */
const DEFAULT_THETA = 10_000;

/** Fields of features that no graph supports, and the values without effect. */
const UNSUPPORTED: [key: string, harmless: unknown[]][] = [
  ["expert_count", [0]],
  ["attention.sliding_window", [0]],
  ["attention.causal", [true]],
];

/**
 * Reads the dimensions and checks every tensor against them.
 *
 * Divisors of rotary frequencies are a tensor: `ropeFactors` is the caller's to read.
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
  const read = <T extends number>(key: string, kind: FieldKind<T>) =>
    optionalField(metadata, `${architecture}.${key}`, kind);
  const count = (key: string) =>
    field(metadata, `${architecture}.${key}`, COUNT);
  checkFeatures(metadata, architecture);
  checkWhole(metadata);
  const embedding = tensors.get("token_embd.weight");
  if (embedding === undefined) {
    throw refusal(RangeError, "token_embd.weight must exist", "none");
  }
  const dim = count("embedding_length");
  const heads = count("attention.head_count");
  const headDim = read("attention.key_length", COUNT) ?? dim / heads;
  const config: ModelConfig = {
    architecture,
    layers: count("block_count"),
    heads,
    kvHeads: read("attention.head_count_kv", COUNT) ?? heads,
    headDim,
    dim,
    hidden: count("feed_forward_length"),
    vocab: embedding.shape[0],
    context: count("context_length"),
    ropeTheta: read("rope.freq_base", POSITIVE) ?? DEFAULT_THETA,
    ropeScale: ropeScale(metadata, architecture),
    ...family.unrotated !== undefined && { unrotated: family.unrotated },
    epsilon: field(
      metadata,
      `${architecture}.attention.layer_norm_rms_epsilon`,
      POSITIVE,
    ),
    tiedHead: !tensors.has("output.weight"),
    biases: family.biases === "always" ||
      family.biases === "maybe" && tensors.has("blk.0.attn_q.bias"),
    headNorms: family.headNorms ?? false,
    pairs: family.pairs,
    scales: {
      embedding: family.scaled ? read("embedding_scale", POSITIVE) ?? 1 : 1,
      residual: family.scaled ? read("residual_scale", POSITIVE) ?? 1 : 1,
      attention:
        (family.scaled ? read("attention.scale", POSITIVE) : undefined) ??
          headDim ** -0.5,
      logits: family.scaled ? 1 / (read("logit_scale", POSITIVE) ?? 1) : 1,
    },
  };
  checkDimensions(config, metadata);
  checkTensors(tensors, config);
  return config;
}

function checkFeatures(metadata: Metadata, architecture: string): void {
  for (const [name, harmless] of UNSUPPORTED) {
    const key = `${architecture}.${name}`;
    const value = metadata[key];
    if (value !== undefined && !harmless.includes(value)) {
      throw refusal(TypeError, `${key} must be absent`, value);
    }
  }
}

/** @throws {TypeError} if the file is a part of a model. */
function checkWhole(metadata: Metadata): void {
  const parts = optionalField(metadata, "split.count", INDEX) ?? 1;
  if (parts <= 1) return;
  const part = optionalField(metadata, "split.no", INDEX) ?? 0;
  const rule =
    "the file must hold all of it; llama-gguf-split --merge joins parts";
  throw refusal(TypeError, rule, `part ${part + 1} of ${parts}`);
}

/** Returns the divisor of positions; a factor without a type is linear. */
function ropeScale(metadata: Metadata, architecture: string): number {
  const key = `${architecture}.rope.scaling`;
  const type = optionalField(metadata, `${key}.type`, TEXT) ?? "linear";
  if (type === "none") return 1;
  if (type !== "linear") {
    const rule = `${key}.type must be "linear" or "none"`;
    throw refusal(TypeError, rule, JSON.stringify(type));
  }
  return optionalField(metadata, `${key}.factor`, POSITIVE) ??
    optionalField(metadata, `${architecture}.rope.scale_linear`, POSITIVE) ?? 1;
}

function checkDimensions(config: ModelConfig, metadata: Metadata): void {
  const { architecture, heads, kvHeads, headDim } = config;
  if (heads % kvHeads !== 0) {
    const rule = `head_count_kv must divide head_count, ${heads}`;
    throw refusal(RangeError, rule, kvHeads);
  }
  if (headDim % 2 !== 0) {
    throw refusal(RangeError, "a head's size must be even", headDim);
  }
  const equals: [key: string, value: number][] = [
    ["rope.dimension_count", headDim],
    ["attention.value_length", headDim],
    ["vocab_size", config.vocab],
  ];
  for (const [name, value] of equals) {
    const key = `${architecture}.${name}`;
    const found = optionalField(metadata, key, COUNT) ?? value;
    if (found !== value) {
      throw refusal(RangeError, `${key} must be ${value}`, found);
    }
  }
  const tokens = metadata["tokenizer.ggml.tokens"];
  if (Array.isArray(tokens) && tokens.length > config.vocab) {
    const rule = `the tokenizer must have at most ${config.vocab} tokens`;
    throw refusal(RangeError, rule, tokens.length);
  }
}
