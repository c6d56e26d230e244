/**
 * A random model of a few small layers as a GGUF file, by default a Llama of two:
 * nothing that it says makes sense, but all that loads, converts and serves a model
 * does so with it, fast.
 *
 * Its vocabulary is the 256 bytes, 40 merges and ChatML's control tokens.
 *
 * @module
 */

import { uniform } from "../../lib/bita/choose/random.ts";
import { TENSOR_TYPES } from "../../models/gguf/tensor_types.ts";
import type { Vocabulary } from "../../models/gguf/vocabulary.ts";
import {
  concat,
  type Entry,
  f32Value,
  ggufFile,
  i32sValue,
  type Parts,
  textsValue,
  textValue,
  u32Value,
} from "../models/gguf/_file.ts";
import { toyVocabulary } from "../text/_toy.ts";
import { PACK } from "./pack.ts";

/**
 * Shape of the tiny model. Widths are multiples of 32, as 8-bit blocks want. With
 * smaller heads, attention on CPUs computes a row in other bits where 33 share a pass.
 */
export const TINY = {
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 32,
  dim: 128,
  hidden: 96,
  vocab: 300,
  context: 256,
};

/** What the file of a tiny model consists of. */
export type TinyParts = Required<Pick<Parts, "entries" | "lines" | "data">>;

/** A tensor to fill: rows, then columns; a vector has columns alone. */
type Plan = [name: string, type: keyof typeof PACK, shape: number[]];

const CONTROLS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"];

const MERGES = ("Ġ t,Ġ a,h e,i n,r e,o n,Ġt he,e r,Ġ s,a t,Ġ w,Ġ o,e n,Ġ c," +
  "i t,i s,a n,o r,e s,Ġ b,e d,Ġ f,in g,Ġ p,o u,Ġa n,a l,a r,Ġt o,Ġ m,Ġo f," +
  "Ġ in,Ġ d,Ġ h,Ġan d,i c,a s,l e,Ġt h,i on").split(",");

/** What a tiny model has beyond the default. */
export interface TinyOptions {
  seed: number;
  /** Name of the architecture. @default "llama" */
  architecture?: string;
  layers?: number;
  context?: number;
  /** Tensors of each layer beyond Llama's, or of other shapes. */
  perLayer?: Record<string, number[]>;
  /** Tensors of the model beyond Llama's. */
  tensors?: Record<string, number[]>;
  /** Tensors of Llama's that it does not have, by name without the layer's. */
  without?: string[];
  /** Metadata beyond Llama's, by key without the architecture's name. */
  numbers?: Record<string, number>;
  /** The same for whole numbers. */
  counts?: Record<string, number>;
  /** How the head is stored. @default "F32" */
  head?: "F32" | "Q4_0";
  /** Whether all numbers are stored in 32 bits. @default false */
  exact?: boolean;
}

/** Writes a tiny model to `path`; equal options make an equal file. */
export async function writeTinyGguf(
  path: string,
  options: TinyOptions,
): Promise<void> {
  await Deno.writeFile(path, ggufFile(tinyParts(options)));
}

/** Returns the vocabulary of all tiny models. */
export function tinyVocabulary(): Vocabulary {
  return toyVocabulary({ merges: MERGES, controls: CONTROLS });
}

/** Returns what the file of a tiny model consists of. */
export function tinyParts(options: TinyOptions): TinyParts {
  const { seed, exact } = options;
  const vocabulary = tinyVocabulary();
  const tensors = plans(options).map(([name, packed, shape], index) => {
    const type = exact ? "F32" : packed;
    const bytes = PACK[type](numbers(shape, { seed: seed * 1000 + index }));
    return { name, type, shape, bytes };
  });
  let offset = 0;
  const lines = tensors.map(({ name, type, shape, bytes }) => {
    const line = {
      name,
      type: TENSOR_TYPES[type].code,
      dims: shape.toReversed(),
      offset,
    };
    offset += bytes.length;
    return line;
  });
  const data = concat(...tensors.map(({ bytes }) => bytes));
  return { entries: entries(vocabulary, options), lines, data };
}

function entries(
  { tokens, types, merges }: Vocabulary,
  { architecture = "llama", layers, context, ...extra }: TinyOptions,
): Entry[] {
  const counts = {
    block_count: layers ?? TINY.layers,
    context_length: context ?? TINY.context,
    embedding_length: TINY.dim,
    feed_forward_length: TINY.hidden,
    "attention.head_count": TINY.heads,
    "attention.head_count_kv": TINY.kvHeads,
    ...extra.counts,
  };
  const factors = {
    "attention.layer_norm_rms_epsilon": 1e-5,
    ...extra.numbers,
  };
  return [
    ["general.architecture", textValue(architecture)],
    ...Object.entries(counts).map(([key, value]): Entry => [
      `${architecture}.${key}`,
      u32Value(value),
    ]),
    ...Object.entries(factors).map(([key, value]): Entry => [
      `${architecture}.${key}`,
      f32Value(value),
    ]),
    ["tokenizer.ggml.model", textValue("gpt2")],
    ["tokenizer.ggml.pre", textValue("gpt-2")],
    ["tokenizer.ggml.tokens", textsValue(tokens)],
    ["tokenizer.ggml.token_type", i32sValue(types)],
    ["tokenizer.ggml.merges", textsValue(merges)],
    ["tokenizer.ggml.eos_token_id", u32Value(tokens.indexOf("<|im_end|>"))],
  ];
}

/** Lists the tensors; sizes are multiples of 32 bytes, so none needs padding. */
function plans(
  { layers = TINY.layers, head = "F32", perLayer = {}, ...rest }: TinyOptions,
): Plan[] {
  const { tensors = {}, without = [] } = rest;
  const { kvHeads, headDim, dim, hidden, vocab } = TINY;
  const plan: Plan[] = [
    ["token_embd.weight", "F16", [vocab, dim]],
    ["output_norm.weight", "F32", [dim]],
    ["output.weight", head, [vocab, dim]],
  ];
  const usual: Plan[] = [
    ["attn_norm.weight", "F32", [dim]],
    ["attn_q.weight", "F16", [dim, dim]],
    ["attn_k.weight", "F16", [kvHeads * headDim, dim]],
    ["attn_v.weight", "Q8_0", [kvHeads * headDim, dim]],
    ["attn_output.weight", "Q8_0", [dim, dim]],
    ["ffn_norm.weight", "F32", [dim]],
    ["ffn_gate.weight", "Q8_0", [hidden, dim]],
    ["ffn_up.weight", "Q8_0", [hidden, dim]],
    ["ffn_down.weight", "Q8_0", [dim, hidden]],
  ];
  const known = new Set(usual.map(([name]) => name));
  const isKept = ([name]: Plan) => !without.includes(name);
  const block = [
    ...usual.map(([name, type, shape]): Plan => [
      name,
      type,
      perLayer[name] ?? shape,
    ]),
    ...extra(perLayer).filter(([name]) => !known.has(name)),
  ].filter(isKept);
  for (let layer = 0; layer < layers; layer++) {
    plan.push(
      ...block.map((
        [name, ...rest],
      ): Plan => [`blk.${layer}.${name}`, ...rest]),
    );
  }
  return [...plan, ...extra(tensors)].filter(isKept);
}

function extra(shapes: Record<string, number[]>): Plan[] {
  return Object.entries(shapes).map(([name, shape]) => [name, "F32", shape]);
}

/** Draws a matrix that keeps the size of what it multiplies; a norm is near 1. */
function numbers(shape: number[], { seed }: { seed: number }): Float32Array {
  const [columns, rows] = shape.toReversed();
  const spread = Math.sqrt(12 / columns);
  const length = columns * (rows ?? 1);
  return Float32Array.from({ length }, (_, i) => {
    const x = uniform(seed, i) - 0.5;
    return rows === undefined ? 1 + x / 4 : x * spread;
  });
}
