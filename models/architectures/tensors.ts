/**
 * Proves that a file has exactly the tensors that its graph computes with. An extra
 * tensor, such as a bias that the graph does not apply, would mean wrong text.
 *
 * @module
 */

import type { TensorInfo } from "../gguf/directory.ts";
import type { Dimensions } from "./config.ts";

/** Divisors of the rotary frequencies, `[rotated / 2]`. */
export const ROPE_FACTORS = "rope_freqs.weight";

/** Divisors of the rotary frequencies of short contexts, `[rotated / 2]`. */
export const SHORT_FACTORS = "rope_factors_short.weight";

/** Divisors of the rotary frequencies of long contexts, `[rotated / 2]`. */
export const LONG_FACTORS = "rope_factors_long.weight";

/** A tensor that no graph needs. */
const IGNORED = /^blk\.\d+\.attn_rot_embd\.weight$/;

/**
 * Checks the name and shape of every tensor. It stops at the first that is missing,
 * however many layers the metadata claims.
 *
 * @throws {RangeError} if a tensor is missing or has another shape.
 * @throws {TypeError} if there is a tensor that the graph would not use.
 */
export function checkTensors(
  tensors: ReadonlyMap<string, TensorInfo>,
  config: Dimensions,
): void {
  const known = new Set<string>();
  const check = (name: string, shape: number[]) => {
    known.add(name);
    const received = tensors.get(name)?.shape.join("×") ?? "none";
    const expected = shape.join("×");
    if (received !== expected) {
      throw refusal(RangeError, `${name} must be ${expected}`, received);
    }
  };
  for (const [name, shape] of expectedShapes(config)) check(name, shape);
  const factors = tensors.has(ROPE_FACTORS) ? [ROPE_FACTORS] : [];
  if (tensors.has(LONG_FACTORS)) factors.push(SHORT_FACTORS, LONG_FACTORS);
  for (const name of factors) check(name, [config.rotated / 2]);
  for (const name of tensors.keys()) {
    if (!known.has(name) && !IGNORED.test(name)) {
      const rule =
        `every tensor must be part of a plain ${config.architecture}`;
      throw refusal(TypeError, rule, name);
    }
  }
}

/** Yields the name and shape of every tensor, layer by layer. */
function* expectedShapes(
  config: Dimensions,
): Generator<[name: string, shape: number[]]> {
  const { layers, dim, vocab, norms, parallel } = config;
  yield ["token_embd.weight", [vocab, dim]];
  yield* norm("output_norm", config);
  if (!config.tiedHead) yield ["output.weight", [vocab, dim]];
  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}`;
    if (norms !== "after") {
      yield* norm(`${block}.attn_norm`, config);
      if (!parallel) yield* norm(`${block}.ffn_norm`, config);
    }
    if (norms !== "before") {
      yield* norm(`${block}.post_attention_norm`, config);
      yield* norm(`${block}.post_ffw_norm`, config);
    }
    yield* attention(block, config);
    yield* feedForward(block, config);
  }
}

function* norm(
  name: string,
  { dim, layerNorms }: Dimensions,
): Generator<[name: string, shape: number[]]> {
  yield [`${name}.weight`, [dim]];
  if (layerNorms) yield [`${name}.bias`, [dim]];
}

function* attention(
  block: string,
  config: Dimensions,
): Generator<[name: string, shape: number[]]> {
  const { heads, kvHeads, headDim, dim, queryKeyNorms } = config;
  const q = heads * headDim;
  const kv = kvHeads * headDim;
  const linears: [name: string, rows: number][] = config.fused
    ? [["attn_qkv", q + 2 * kv]]
    : [["attn_q", q], ["attn_k", kv], ["attn_v", kv]];
  for (const [name, rows] of linears) {
    yield [`${block}.${name}.weight`, [rows, dim]];
    if (config.biases) yield [`${block}.${name}.bias`, [rows]];
  }
  yield [`${block}.attn_output.weight`, [dim, q]];
  if (queryKeyNorms) {
    const perHead = queryKeyNorms === "heads";
    yield [`${block}.attn_q_norm.weight`, [perHead ? headDim : q]];
    yield [`${block}.attn_k_norm.weight`, [perHead ? headDim : kv]];
  }
}

function* feedForward(
  block: string,
  { dim, hidden, gated, fused }: Dimensions,
): Generator<[name: string, shape: number[]]> {
  const separate = gated && !fused;
  if (separate) yield [`${block}.ffn_gate.weight`, [hidden, dim]];
  const up = gated && fused ? 2 * hidden : hidden;
  yield [`${block}.ffn_up.weight`, [up, dim]];
  yield [`${block}.ffn_down.weight`, [dim, hidden]];
}

/** Returns the error of a model that cannot be served. */
export function refusal(
  kind: ErrorConstructor,
  rule: string,
  received: unknown,
): Error {
  return new kind(`Cannot load the model: ${rule}: received ${received}`);
}
