/**
 * Llamas of any size with random weights, as GGUF files: what they say makes no sense,
 * but it takes as long as with learned weights.
 *
 * @module
 */

import { uniform } from "../../../lib/bita/choose/random.ts";
import { TENSOR_TYPES } from "../../../models/gguf/tensor_types.ts";
import {
  type Entry,
  f32Value,
  ggufFile,
  i32sValue,
  textsValue,
  textValue,
  u32Value,
} from "../../models/gguf/_file.ts";
import { toyVocabulary } from "../../text/_toy.ts";

/** Dimensions of a model; a head has `dim / heads` numbers. */
export interface Shape {
  layers: number;
  heads: number;
  kvHeads: number;
  dim: number;
  hidden: number;
}

/** Dimensions of well-known models. */
export const SHAPES: Record<string, Shape> = {
  "135M": { layers: 30, heads: 9, kvHeads: 3, dim: 576, hidden: 1536 },
  "360M": { layers: 32, heads: 15, kvHeads: 5, dim: 960, hidden: 2560 },
  "0.6B": { layers: 28, heads: 16, kvHeads: 8, dim: 1024, hidden: 3072 },
  "1.7B": { layers: 24, heads: 32, kvHeads: 32, dim: 2048, hidden: 8192 },
};

/** Types that the layers may be stored in. */
export const TYPES = ["Q4_0", "Q8_0"] as const;

const VOCAB = 49_152;
const CONTEXT = 2048;

type Type = typeof TYPES[number] | "F32";

/** Writes a model whose layers have a type; its embedding, which is its head, has 8 bits. */
export async function writeShapedGguf(
  path: string,
  { layers, heads, kvHeads, dim, hidden }: Shape,
  type: Type,
): Promise<void> {
  const counts = {
    block_count: layers,
    context_length: CONTEXT,
    embedding_length: dim,
    feed_forward_length: hidden,
    "attention.head_count": heads,
    "attention.head_count_kv": kvHeads,
  };
  const kv = kvHeads * dim / heads;
  const tensors: [name: string, type: Type, shape: number[]][] = [
    ["token_embd.weight", "Q8_0", [VOCAB, dim]],
    ["output_norm.weight", "F32", [dim]],
  ];
  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}`;
    tensors.push(
      [`${block}.attn_norm.weight`, "F32", [dim]],
      [`${block}.attn_q.weight`, type, [dim, dim]],
      [`${block}.attn_k.weight`, type, [kv, dim]],
      [`${block}.attn_v.weight`, type, [kv, dim]],
      [`${block}.attn_output.weight`, type, [dim, dim]],
      [`${block}.ffn_norm.weight`, "F32", [dim]],
      [`${block}.ffn_gate.weight`, type, [hidden, dim]],
      [`${block}.ffn_up.weight`, type, [hidden, dim]],
      [`${block}.ffn_down.weight`, type, [dim, hidden]],
    );
  }
  let offset = 0;
  const lines = tensors.map(([name, type, shape]) => {
    const { code, values, bytes } = TENSOR_TYPES[type];
    const dims = shape.toReversed();
    const line = { name, type: code, dims, offset };
    offset += shape.reduce((product, size) => product * size) / values * bytes;
    return line;
  });
  using file = await Deno.open(path, { write: true, create: true });
  const out = file.writable.getWriter();
  await out.write(ggufFile({ entries: entries(counts), lines }));
  for (const [, type, shape] of tensors) await out.write(random(type, shape));
  await out.close();
}

function entries(counts: Record<string, number>): Entry[] {
  const { tokens, types, merges } = toyVocabulary();
  while (tokens.length < VOCAB) tokens.push(`token${types.push(1)}`);
  return [
    ["general.architecture", textValue("llama")],
    ...Object.entries(counts).map(([key, value]): Entry => [
      `llama.${key}`,
      u32Value(value),
    ]),
    ["llama.attention.layer_norm_rms_epsilon", f32Value(1e-5)],
    ["tokenizer.ggml.model", textValue("gpt2")],
    ["tokenizer.ggml.pre", textValue("gpt-2")],
    ["tokenizer.ggml.tokens", textsValue(tokens)],
    ["tokenizer.ggml.token_type", i32sValue(types)],
    ["tokenizer.ggml.merges", textsValue(merges)],
    ["tokenizer.ggml.eos_token_id", u32Value(0)],
  ];
}

/** Returns tokens of the vocabulary, the same for each seed. */
export function randomPrompt(length: number, seed: number): Int32Array {
  return Int32Array.from(
    { length },
    (_, i) => Math.floor(uniform(seed, i) * VOCAB),
  );
}

/** Most bytes that `crypto.getRandomValues()` fills at once. */
const MOST = 65_536;

/** Returns random blocks of small numbers, or a norm of ones. */
function random(type: Type, shape: number[]): Uint8Array {
  const length = shape.reduce((product, size) => product * size);
  if (type === "F32") {
    return new Uint8Array(new Float32Array(length).fill(1).buffer);
  }
  const { values, bytes } = TENSOR_TYPES[type];
  const out = new Uint8Array(length / values * bytes);
  for (let at = 0; at < out.length; at += MOST) {
    crypto.getRandomValues(out.subarray(at, at + MOST));
  }
  const view = new DataView(out.buffer);
  const largest = type === "Q4_0" ? 8 : 128;
  const scale = Math.sqrt(3 / shape[1]) / largest;
  for (let at = 0; at < out.length; at += bytes) {
    view.setFloat16(at, scale, true);
  }
  return out;
}
