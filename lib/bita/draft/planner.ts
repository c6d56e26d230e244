/**
 * What to try next, from what the last pass has shown.
 *
 * A planner only proposes. Whatever it returns, the text stays the same; it can
 * merely cost more passes or rows.
 *
 * @module
 */

import type { DraftTree } from "../tree/draft_tree.ts";
import type { TopK } from "../choose/top_k.ts";
import type { Origin } from "./trace.ts";
import type { Verdict } from "../decode/verify.ts";

/** What is known before a pass. */
export interface PlanState {
  /** The last final token. */
  root: number;
  /** Tokens that the text may still grow by, at least 1. */
  budget: number;
  /**
   * What the root's own row predicts, if the root is a sibling that was hit: a
   * guess, since that row was not natural, but hardly ever a wrong one.
   */
  successor?: number | undefined;
  /**
   * The masks' guesses, in order: the first are for depth 1, or for the depth
   * behind the successor. Empty where the last pass drafted none.
   */
  candidates: readonly TopK[];
  /**
   * The Hydra head's guesses, for the same depths as the masks'. Those of a step are
   * worth something only behind the best ones of the steps before.
   */
  chain?: readonly TopK[];
}

/** What came of a plan. */
export interface Outcome {
  tree: DraftTree;
  verdict: Verdict;
}

/** Proposes the tree of each pass. */
export interface Planner {
  /** How many guesses of each mask it can use. */
  readonly widths: readonly number[];
  /** Returns a tree whose node 0 is the root. */
  plan(state: PlanState): DraftTree;
  /** Tells whether to draft one token more behind a chain, which may be empty. */
  follows?(chain: readonly TopK[]): boolean;
  /** Hears what came of the last plan. */
  learn?(outcome: Outcome): void;
  /** Says where it has a guess of the last plan from; depths are from 1. */
  origin?(guess: { depth: number; token: number }): Origin;
}

/**
 * Counts the masks worth having behind a node, given the tokens left at it: one
 * follows the node for sure and one ends the next pass; masks draft those between.
 */
export function usefulMasks(group: number, budget: number): number {
  return Math.max(0, Math.min(group, budget - 2));
}
