/**
 * Hydra (arXiv 2402.05109): a head drafts token after token from the state of the last
 * row that became text, a small step each, without a row for any of them.
 *
 * @module
 */

import { type TopK, topK } from "../choose/top_k.ts";
import type { StepOutput } from "../decode/model.ts";
import type { Planner } from "./planner.ts";

/** Guesses read off a step. */
const WIDTH = 10;

/**
 * Drafts as many tokens as the planner wants: the guesses of each step, all of them
 * for the place after the best ones of the steps before.
 *
 * @param options.row the row whose state the head starts from.
 * @param options.token the token after that row.
 * @param options.vocab `[V]` ids that the head can draft; without it, there is no head.
 */
export async function draftWithHydra(
  output: StepOutput,
  { row, token, vocab, planner }: {
    row: number;
    token: number;
    vocab: Int32Array | undefined;
    planner: Planner;
  },
): Promise<TopK[]> {
  const steps: TopK[] = [];
  while (vocab && planner.wantsHydra?.(steps)) {
    const last = steps.at(-1);
    const logits = last
      ? await output.draft!(last.ids[0])
      : await output.draft!(token, row);
    const { ids, shares } = topK(logits, WIDTH);
    steps.push({ ids: ids.map((id) => vocab[id]), shares });
  }
  return steps;
}
