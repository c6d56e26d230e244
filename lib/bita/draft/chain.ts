/**
 * Hydra (arXiv 2402.05109): a head drafts a chain of tokens from the state of the last
 * row that became text, a small step a token, without a row for any of them.
 *
 * @module
 */

import type { StepOutput } from "../decode/model.ts";
import type { Planner } from "./planner.ts";
import { type TopK, topK } from "../choose/top_k.ts";

/** Guesses read off a step. */
const WIDTH = 10;

/** Where a chain begins, and who wants it. */
export interface ChainOptions {
  /** The row whose state it begins with. */
  row: number;
  /** The token behind that row. */
  token: number;
  /** `[V]` ids that the head can draft; without it, there is no head. */
  vocab: Int32Array | undefined;
  planner: Planner;
}

/**
 * Drafts as many tokens as the planner wants: the guesses of each step, all behind the
 * best ones of the steps before.
 */
export async function draftChain(
  output: StepOutput,
  { row, token, vocab, planner }: ChainOptions,
): Promise<TopK[]> {
  const chain: TopK[] = [];
  while (vocab && planner.follows?.(chain)) {
    const last = chain.at(-1);
    const logits = last
      ? await output.draft!(last.ids[0])
      : await output.draft!(token, row);
    const { ids, shares } = topK(logits, WIDTH);
    chain.push({ ids: ids.map((id) => vocab[id]), shares });
  }
  return chain;
}
