/**
 * Proves that a file has exactly the tensors that its graph computes with. An extra
 * tensor, such as a bias that the graph does not apply, would mean wrong text.
 *
 * @module
 */

import type { TensorInfo } from "../gguf/directory.ts";
import type { ModelConfig } from "./config.ts";

/** Divisors of the rotary frequencies, `[headDim / 2]`. */
export const ROPE_FACTORS = "rope_freqs.weight";

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
  config: ModelConfig,
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
  if (tensors.has(ROPE_FACTORS)) check(ROPE_FACTORS, [config.headDim / 2]);
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
  config: ModelConfig,
): Generator<[name: string, shape: number[]]> {
  const { layers, heads, kvHeads, headDim, dim, hidden, vocab } = config;
  yield ["token_embd.weight", [vocab, dim]];
  yield ["output_norm.weight", [dim]];
  if (!config.tiedHead) yield ["output.weight", [vocab, dim]];
  const linears: [name: string, rows: number, columns: number][] = [
    ["attn_q", heads * headDim, dim],
    ["attn_k", kvHeads * headDim, dim],
    ["attn_v", kvHeads * headDim, dim],
    ["attn_output", dim, heads * headDim],
    ["ffn_gate", hidden, dim],
    ["ffn_up", hidden, dim],
    ["ffn_down", dim, hidden],
  ];
  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}`;
    yield [`${block}.attn_norm.weight`, [dim]];
    yield [`${block}.ffn_norm.weight`, [dim]];
    for (const [name, rows, columns] of linears) {
      yield [`${block}.${name}.weight`, [rows, columns]];
    }
    if (config.biases) {
      for (const [name, rows] of linears.slice(0, 3)) {
        yield [`${block}.${name}.bias`, [rows]];
      }
    }
    if (config.headNorms) {
      yield [`${block}.attn_q_norm.weight`, [headDim]];
      yield [`${block}.attn_k_norm.weight`, [headDim]];
    }
  }
}

/** Returns the error of a model that cannot be served. */
export function refusal(
  kind: ErrorConstructor,
  rule: string,
  received: unknown,
): Error {
  return new kind(`Cannot load the model: ${rule}: received ${received}`);
}
