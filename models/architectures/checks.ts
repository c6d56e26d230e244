/**
 * Refuses models that a graph would not compute as they were trained.
 *
 * @module
 */

import { COUNT, type Metadata, optionalField } from "../gguf/field.ts";
import type { Dimensions } from "./config.ts";
import type { Family } from "./families.ts";
import { refusal } from "./tensors.ts";

/** Fields of features that no graph supports, and the values without effect. */
const UNSUPPORTED: [key: string, harmless: unknown[]][] = [
  ["expert_count", [0]],
  ["attention.causal", [true]],
  ["attn_logit_softcapping", [0]],
  ["final_logit_softcapping", [0]],
];

/** A feature that some architectures have. */
const WINDOW: typeof UNSUPPORTED = [["attention.sliding_window", [0]]];

/**
 * Checks that the file states no feature that its graph would not have.
 *
 * @throws {TypeError} if it does.
 */
export function checkFeatures(
  metadata: Metadata,
  architecture: string,
  { window }: Family,
): void {
  for (
    const [name, harmless] of window ? UNSUPPORTED : [...UNSUPPORTED, ...WINDOW]
  ) {
    const key = `${architecture}.${name}`;
    const value = metadata[key];
    if (value !== undefined && !harmless.includes(value)) {
      throw refusal(TypeError, `${key} must be absent`, value);
    }
  }
}

/**
 * Checks dimensions against each other and the metadata.
 *
 * @throws {RangeError} if they contradict each other.
 */
export function checkDimensions(
  { architecture, heads, kvHeads, headDim, rotated, vocab }: Dimensions,
  metadata: Metadata,
): void {
  if (heads % kvHeads !== 0) {
    const rule = `head_count_kv must divide head_count, ${heads}`;
    throw refusal(RangeError, rule, kvHeads);
  }
  if (headDim % 2 !== 0) {
    throw refusal(RangeError, "a head's size must be even", headDim);
  }
  if (rotated % 2 !== 0 || rotated > headDim) {
    const rule =
      `${architecture}.rope.dimension_count must be even, at most ${headDim}`;
    throw refusal(RangeError, rule, rotated);
  }
  const equals: [key: string, value: number][] = [
    ["attention.value_length", headDim],
    ["vocab_size", vocab],
  ];
  for (const [name, value] of equals) {
    const key = `${architecture}.${name}`;
    const found = optionalField(metadata, key, COUNT) ?? value;
    if (found !== value) {
      throw refusal(RangeError, `${key} must be ${value}`, found);
    }
  }
  // Types are as many as tokens, which take long to decode.
  const tokens = metadata["tokenizer.ggml.token_type"] ??
    metadata["tokenizer.ggml.tokens"];
  if (Array.isArray(tokens) && tokens.length > vocab) {
    const rule = `the tokenizer must have at most ${vocab} tokens`;
    throw refusal(RangeError, rule, tokens.length);
  }
}
