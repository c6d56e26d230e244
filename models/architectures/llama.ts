/**
 * Reads the dimensions of a Llama model, and checks that a file has exactly its tensors.
 * An extra tensor, such as a bias that the graph does not apply, would mean wrong text.
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

/** The dimensions of a Llama model. */
export interface LlamaConfig {
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
  /** Added in RMS normalisation to avoid a division by zero. */
  epsilon: number;
  /** Whether the head uses the embedding matrix. */
  tiedHead: boolean;
}

/** Rotary base of a file without one. */
const DEFAULT_THETA = 10_000;

/** Fields of features that the graph does not support. */
const UNSUPPORTED = [
  "llama.expert_count",
  "llama.rope.scale_linear",
  "llama.attention.sliding_window",
];

/** A tensor that the graph does not need. */
const IGNORED = /^blk\.\d+\.attn_rot_embd\.weight$/;

/**
 * Reads the dimensions and checks every tensor against them.
 *
 * @throws {TypeError} if the model is not a plain Llama, or a field has the wrong type.
 * @throws {RangeError} if dimensions or shapes contradict each other.
 */
export function llamaConfig(
  metadata: Metadata,
  tensors: ReadonlyMap<string, TensorInfo>,
): LlamaConfig {
  checkPlain(metadata);
  const embedding = tensors.get("token_embd.weight");
  if (embedding === undefined) {
    throw refusal(RangeError, "token_embd.weight must exist", "none");
  }
  const dim = field(metadata, "llama.embedding_length", COUNT);
  const heads = field(metadata, "llama.attention.head_count", COUNT);
  const config: LlamaConfig = {
    layers: field(metadata, "llama.block_count", COUNT),
    heads,
    kvHeads: optionalField(metadata, "llama.attention.head_count_kv", COUNT) ??
      heads,
    headDim: optionalField(metadata, "llama.attention.key_length", COUNT) ??
      dim / heads,
    dim,
    hidden: field(metadata, "llama.feed_forward_length", COUNT),
    vocab: embedding.shape[0],
    context: field(metadata, "llama.context_length", COUNT),
    ropeTheta: optionalField(metadata, "llama.rope.freq_base", POSITIVE) ??
      DEFAULT_THETA,
    epsilon: field(
      metadata,
      "llama.attention.layer_norm_rms_epsilon",
      POSITIVE,
    ),
    tiedHead: !tensors.has("output.weight"),
  };
  checkDimensions(config, metadata);
  checkTensors(tensors, expectedShapes(config));
  return config;
}

function checkPlain(metadata: Metadata): void {
  const architecture = field(metadata, "general.architecture", TEXT);
  if (architecture !== "llama") {
    const rule = 'general.architecture must be "llama"';
    throw refusal(TypeError, rule, JSON.stringify(architecture));
  }
  for (const key of UNSUPPORTED) {
    const value = metadata[key];
    if (value !== undefined && value !== 0) {
      throw refusal(TypeError, `${key} must be absent`, value);
    }
  }
  const scaling = optionalField(metadata, "llama.rope.scaling.type", TEXT);
  if (scaling !== undefined && scaling !== "none") {
    const rule = 'llama.rope.scaling.type must be absent or "none"';
    throw refusal(TypeError, rule, JSON.stringify(scaling));
  }
}

function checkDimensions(config: LlamaConfig, metadata: Metadata): void {
  const { heads, kvHeads, headDim } = config;
  if (heads % kvHeads !== 0) {
    const rule = `head_count_kv must divide head_count, ${heads}`;
    throw refusal(RangeError, rule, kvHeads);
  }
  if (headDim % 2 !== 0) {
    throw refusal(RangeError, "a head's size must be even", headDim);
  }
  const equals: [key: string, value: number][] = [
    ["llama.rope.dimension_count", headDim],
    ["llama.attention.value_length", headDim],
    ["llama.vocab_size", config.vocab],
  ];
  for (const [key, value] of equals) {
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

/** Yields the name and shape of every tensor, layer by layer. */
function* expectedShapes(
  { layers, heads, kvHeads, headDim, dim, hidden, vocab, tiedHead }:
    LlamaConfig,
): Generator<[name: string, shape: number[]]> {
  yield ["token_embd.weight", [vocab, dim]];
  yield ["output_norm.weight", [dim]];
  if (!tiedHead) yield ["output.weight", [vocab, dim]];
  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}`;
    yield [`${block}.attn_norm.weight`, [dim]];
    yield [`${block}.attn_q.weight`, [heads * headDim, dim]];
    yield [`${block}.attn_k.weight`, [kvHeads * headDim, dim]];
    yield [`${block}.attn_v.weight`, [kvHeads * headDim, dim]];
    yield [`${block}.attn_output.weight`, [dim, heads * headDim]];
    yield [`${block}.ffn_norm.weight`, [dim]];
    yield [`${block}.ffn_gate.weight`, [hidden, dim]];
    yield [`${block}.ffn_up.weight`, [hidden, dim]];
    yield [`${block}.ffn_down.weight`, [dim, hidden]];
  }
}

/** Stops at the first missing tensor, however many layers the metadata claims. */
function checkTensors(
  tensors: ReadonlyMap<string, TensorInfo>,
  shapes: Iterable<[name: string, shape: number[]]>,
): void {
  const known = new Set<string>();
  for (const [name, shape] of shapes) {
    known.add(name);
    const received = tensors.get(name)?.shape.join("×") ?? "none";
    const expected = shape.join("×");
    if (received !== expected) {
      throw refusal(RangeError, `${name} must be ${expected}`, received);
    }
  }
  for (const name of tensors.keys()) {
    if (!known.has(name) && !IGNORED.test(name)) {
      const rule = "every tensor must be part of a plain Llama";
      throw refusal(TypeError, rule, name);
    }
  }
}

function refusal(
  kind: ErrorConstructor,
  rule: string,
  received: unknown,
): Error {
  return new kind(`Cannot load the model: ${rule}: received ${received}`);
}
