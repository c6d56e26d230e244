/**
 * What to try next, from what the last pass has shown.
 *
 * A planner only proposes. Whatever it returns, the text stays the same; it can
 * merely cost more passes or rows.
 *
 * @module
 */

import type { DraftTree } from "../tree/tree.ts";
import type { TopK } from "../choose/top_k.ts";
import type { Origin } from "./feedback.ts";
import type { Verified } from "../decode/verify.ts";

/** What is known before a pass. */
export interface PlanState {
  /** The last final token. */
  root: number;
  /** Tokens that the text may still grow by, at least 1. */
  budget: number;
  /**
   * What the root's own row predicts, if the root is an accepted sibling: a guess, since
   * that row was not natural, but hardly ever a wrong one.
   */
  successor?: number | undefined;
  /**
   * The masks' guesses, in order: the first are for depth 1, or for the depth after the
   * successor. Empty where the last pass had no masks.
   */
  candidates: readonly TopK[];
  /**
   * The Hydra head's guesses, for the same depths as the masks'. Those of a step are
   * for the place after the best ones of the steps before.
   */
  hydra?: readonly TopK[];
}

/** What came of a plan. */
export interface Outcome {
  tree: DraftTree;
  verified: Verified;
}

/** Proposes the tree of each pass. */
export interface Planner {
  /** How many guesses of each mask it can use. */
  readonly widths: readonly number[];
  /** Returns a tree whose node 0 is the root. */
  plan(state: PlanState): DraftTree;
  /** Returns whether the Hydra head should draft one more step after these. */
  wantsHydra?(steps: readonly TopK[]): boolean;
  /** Learns from what came of the last plan. */
  learn?(outcome: Outcome): void;
  /** Returns where a guess of the last plan comes from; depths are from 1. */
  origin?(guess: { depth: number; token: number }): Origin;
}

/**
 * Counts the masks worth having after a node, given the tokens left at it: one token
 * follows the node for sure and one ends the next pass; masks draft those between.
 */
export function usefulMasks(group: number, budget: number): number {
  return Math.max(0, Math.min(group, budget - 2));
}
