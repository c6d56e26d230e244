/**
 * What a model's file holds, as servers list it.
 *
 * @module
 */

import type { ModelConfig } from "./architectures/config.ts";
import { type Pooling, poolingOf } from "./architectures/pooling.ts";
import type { Gguf } from "./gguf/reader.ts";
import type { Vocabulary } from "./gguf/vocabulary.ts";

/** What a model's file holds. */
export interface ModelFile {
  /** Name of the architecture, such as `"llama"`. */
  architecture: string;
  /** Kind of the vocabulary, such as `"gpt2"`. */
  vocabulary: string;
  /** Tokens in the vocabulary. */
  tokens: number;
  /** Context length of training, in tokens. */
  context: number;
  /** Size of a hidden state. */
  dim: number;
  parameters: number;
  /** Bytes of all tensors. */
  bytes: number;
  /** Type that most of the parameters are stored in, such as `"Q4_1"`. */
  type: string;
  /** How the model makes one vector of a text, if it is made for that. */
  pooling?: Pooling | undefined;
}

/** Describes a file. */
export function describeFile(
  { tensors, metadata }: Pick<Gguf, "tensors" | "metadata">,
  { config, vocabulary }: { config: ModelConfig; vocabulary: Vocabulary },
): ModelFile {
  const sizes = [...tensors.values()].map(({ shape, type, byteLength }) => ({
    type,
    parameters: shape.reduce((a, b) => a * b),
    byteLength,
  }));
  const byType = Map.groupBy(sizes, ({ type }) => type);
  const counts = [...byType].map(([type, all]) => ({
    type,
    parameters: sum(all.map(({ parameters }) => parameters)),
  }));
  counts.sort((a, b) => b.parameters - a.parameters);
  return {
    architecture: config.architecture,
    vocabulary: vocabulary.model,
    tokens: vocabulary.tokens.length,
    context: config.context,
    dim: config.dim,
    parameters: sum(counts.map(({ parameters }) => parameters)),
    bytes: sum(sizes.map(({ byteLength }) => byteLength)),
    type: counts[0].type,
    pooling: poolingOf(metadata),
  };
}

function sum(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
