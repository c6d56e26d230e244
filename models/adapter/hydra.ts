/**
 * What was learned to draft without rows: a Hydra head (arXiv 2402.05109), as
 * `tune hydra` adds it to an adapter's file.
 *
 * ```text
 * state' = state + w2 · silu(w1 · [state, inputs, embedding of the token] + bias)
 * logits = head[vocab] · out · state'
 * ```
 *
 * `inputs` are what some layers of the row read, which know more of the text than its
 * last state does (as in EAGLE-3, arXiv 2503.01840); they stay the same along a chain.
 *
 * @module
 */

import { z } from "zod";
import { type AcceptanceTable, parseEvaluation } from "./acceptance_table.ts";
import type { LlamaConfig } from "../architectures/llama.ts";
import type { Matrix } from "../graph/linear.ts";
import type { Safetensors } from "./safetensors.ts";

/** A Hydra head; it reads the hidden state of a row and the token chosen there. */
export interface Hydra {
  /** `[V]` ids that it can draft, rising. */
  vocab: Int32Array;
  /** The L layers whose inputs it reads, rising. */
  layers: readonly number[];
  /** `[width, (2 + L) * dim]` */
  w1: Matrix;
  /** `[width]` */
  bias: Float32Array;
  /** `[dim, width]` */
  w2: Matrix;
  /** `[dim, dim]` */
  out: Matrix;
  /** How often its guesses were right on text that tuning has not seen. */
  acceptance: AcceptanceTable;
}

/** Its tensors in the file. */
export const HYDRA_TENSORS = [
  "hydra.w1",
  "hydra.bias",
  "hydra.w2",
  "hydra.out",
];

/**
 * Reads the head out of an adapter's file, if there is one in it.
 *
 * @throws {RangeError} if it does not fit the model.
 */
export function parseHydra(
  { metadata, tensors }: Safetensors,
  { dim, vocab, layers: depth }: LlamaConfig,
): Hydra | undefined {
  const bias = tensors.get("hydra.bias");
  if (!bias) return undefined;
  const width = bias.data.length;
  const take = (name: string, rows: number, columns: number): Matrix => {
    const tensor = tensors.get(`hydra.${name}`);
    if (tensor?.shape.join() !== `${rows},${columns}`) {
      const received = tensor?.shape.join("×") ?? "none";
      throw refusal(`hydra.${name} must be ${rows}×${columns}`, received);
    }
    return { rows, columns, data: tensor.data };
  };
  const layers = parseIds(metadata, { name: "hydra_layers", below: depth });
  return {
    vocab: parseIds(metadata, { name: "hydra_vocab", below: vocab }),
    layers: [...layers],
    w1: take("w1", width, (2 + layers.length) * dim),
    bias: bias.data,
    w2: take("w2", dim, width),
    out: take("out", dim, dim),
    acceptance: parseEvaluation(metadata.hydra_evaluation ?? "null"),
  };
}

/** Reads a list of ids, JSON in the metadata. */
function parseIds(
  metadata: Safetensors["metadata"],
  { name, below }: { name: string; below: number },
): Int32Array {
  const rising = z.array(z.int().min(0).max(below - 1))
    .refine((ids) => ids.every((id, i) => i === 0 || id > ids[i - 1]));
  const json = metadata[name] ?? "null";
  const { success, data } = rising.safeParse(JSON.parse(json));
  if (success) return Int32Array.from(data);
  throw refusal(
    `${name} must list rising ids below ${below}`,
    json.slice(0, 40),
  );
}

function refusal(rule: string, received = "none"): RangeError {
  return new RangeError(
    `Cannot load the adapter: ${rule}: received ${received}`,
  );
}
