/**
 * A conditional head, which reranks the guesses of mask rows by the token before each
 * guess. `tune conditional` adds it to an adapter file.
 * `lib/bita/draft/conditional_head.ts` has the formula.
 *
 * @module
 */

import { type AcceptanceTable, parseEvaluation } from "./acceptance_table.ts";
import { parseIds, refusal } from "./refusal.ts";
import type { Safetensors } from "./safetensors.ts";

/** A conditional head for M masks; the score of two tokens has a rank. */
export interface Conditional {
  /** `[V]` ids of the tokens that have a score, ascending. */
  vocab: Int32Array;
  rank: number;
  /** `[V, rank]` of the token before a guess. */
  prev: Float32Array;
  /** `[V, rank]` of the guess. */
  next: Float32Array;
  /** `[M, 4]` the scale, gain, slope and offset of each mask. */
  depth: Float32Array;
  /** Acceptance rates of the reranked guesses on text outside the tuning data. */
  acceptance: AcceptanceTable;
}

/** Names of its tensors in the file. */
export const CONDITIONAL_TENSORS = [
  "conditional_prev",
  "conditional_next",
  "conditional_depth",
];

/** Numbers of a mask. */
const NUMBERS = 4;

/**
 * Returns the conditional head of an adapter file, if it has one.
 *
 * @throws {RangeError} if the head does not fit the model or the masks.
 */
export function parseConditional(
  { metadata, tensors }: Safetensors,
  { vocab: words, masks }: { vocab: number; masks: number },
): Conditional | undefined {
  if (!CONDITIONAL_TENSORS.some((name) => tensors.has(name))) return undefined;
  const vocab = parseIds(metadata, "conditional_vocab", words);
  const rank = tensors.get("conditional_prev")?.shape[1] ?? 0;
  const take = (name: string, rows: number, columns: number) => {
    const tensor = tensors.get(name);
    if (tensor?.shape.join() !== `${rows},${columns}`) {
      const received = tensor?.shape.join("×");
      throw refusal(`${name} must be ${rows}×${columns}`, received);
    }
    const wrong = tensor.data.find((number) => !Number.isFinite(number));
    if (wrong === undefined) return tensor.data;
    throw refusal(`${name} must be finite`, `${wrong}`);
  };
  return {
    vocab,
    rank,
    prev: take("conditional_prev", vocab.length, rank),
    next: take("conditional_next", vocab.length, rank),
    depth: take("conditional_depth", masks, NUMBERS),
    acceptance: parseEvaluation(metadata.conditional_evaluation ?? "null"),
  };
}
