/**
 * A Hydra head (arXiv 2402.05109), which drafts without mask rows. `tune hydra` adds it
 * to an adapter file.
 *
 * ```text
 * state' = state + w2 · silu(w1 · [state, inputs, embedding of the token] + bias)
 * logits = head[vocab] · out · state'
 * ```
 *
 * `inputs` are the inputs of some layers for the row (as in EAGLE-3, arXiv 2503.01840).
 * They carry more about the text than the last hidden state. They stay the same for all
 * tokens of a draft.
 *
 * @module
 */

import { type AcceptanceTable, parseEvaluation } from "./acceptance_table.ts";
import type { ModelConfig } from "../architectures/config.ts";
import type { Matrix } from "../gguf/reader.ts";
import { parseIds, refusal } from "./refusal.ts";
import type { Safetensors } from "./safetensors.ts";

/** A Hydra head; it reads a row's hidden state and the token chosen at that row. */
export interface Hydra {
  /** `[V]` ids that it can draft, ascending. */
  vocab: Int32Array;
  /** The L layers whose inputs it reads, ascending. */
  layers: readonly number[];
  /** `[width, (2 + L) * dim]` */
  w1: Matrix;
  /** `[width]` */
  bias: Float32Array;
  /** `[dim, width]` */
  w2: Matrix;
  /** `[dim, dim]` */
  out: Matrix;
  /** Acceptance rates on text outside the tuning data. */
  acceptance: AcceptanceTable;
}

/** Names of its tensors in the file. */
export const HYDRA_TENSORS = [
  "hydra.w1",
  "hydra.bias",
  "hydra.w2",
  "hydra.out",
];

/**
 * Returns the Hydra head of an adapter file, if it has one.
 *
 * @throws {RangeError} if the head does not fit the model.
 */
export function parseHydra(
  { metadata, tensors }: Safetensors,
  { dim, vocab, layers: depth }: ModelConfig,
): Hydra | undefined {
  const bias = tensors.get("hydra.bias");
  if (!bias) return undefined;
  const [width, ...more] = bias.shape;
  if (more.length > 0) {
    throw refusal("hydra.bias must be a vector", bias.shape.join("×"));
  }
  const take = (name: string, rows: number, columns: number): Matrix => {
    const tensor = tensors.get(`hydra.${name}`);
    if (tensor?.shape.join() !== `${rows},${columns}`) {
      const received = tensor?.shape.join("×");
      throw refusal(`hydra.${name} must be ${rows}×${columns}`, received);
    }
    return {
      rows,
      columns,
      get data() {
        return tensor.data;
      },
    };
  };
  const layers = parseIds(metadata, "hydra_layers", depth);
  return {
    vocab: parseIds(metadata, "hydra_vocab", vocab),
    layers: [...layers],
    w1: take("w1", width, (2 + layers.length) * dim),
    get bias() {
      return bias.data;
    },
    w2: take("w2", dim, width),
    out: take("out", dim, dim),
    acceptance: parseEvaluation(metadata.hydra_evaluation ?? "null"),
  };
}
