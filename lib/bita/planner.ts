/**
 * What to try next, from what the last pass has shown.
 *
 * A planner only proposes. Whatever it returns, the text stays the same; it can
 * merely cost more passes or rows.
 *
 * @module
 */

import type { DraftTree } from "./draft_tree.ts";
import type { TopK } from "./top_k.ts";
import type { Origin } from "./trace.ts";
import { depths } from "./tree.ts";
import type { Verdict } from "./verify.ts";

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
  /** The logits of the natural rows, and maybe of others behind, each `[vocab]`. */
  logits: readonly Float32Array[];
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
 * Fills the same tree each time, with a full group of `masks` behind each node.
 *
 * A node of depth d and rank r among its siblings gets the r-th guess of mask d.
 * Behind a hit sibling the tree stands on its successor instead of the root.
 * Nodes without a guess stay out, and so do nodes and masks that could only draft
 * beyond the end of the text.
 */
export function shapePlanner(shape: Int32Array, masks: number): Planner {
  const depth = depths(shape);
  const rank = ranks(shape);
  const widths = widest(depth, rank);
  const group = Math.min(masks, widths.length);
  let top = 0;
  return {
    widths,
    origin: ({ depth }) => ({
      finders: [depth <= top ? "successor" : "mask"],
    }),
    plan({ root, budget, successor, candidates }) {
      const parents = [-1];
      const tokens = [root];
      const counts: number[] = [];
      if (successor !== undefined && budget > 1) {
        parents.push(0);
        tokens.push(successor);
        counts.push(0);
      }
      top = parents.length - 1;
      const left = budget - top;
      const placed = new Int32Array(shape.length).fill(-1);
      placed[0] = top;
      counts.push(usefulMasks(group, left));
      for (let node = 1; node < shape.length; node++) {
        const parent = placed[shape[node]];
        const token = candidates[depth[node] - 1]?.ids[rank[node]];
        const reachable = depth[node] < left;
        if (parent < 0 || token === undefined || !reachable) continue;
        placed[node] = parents.push(parent) - 1;
        tokens.push(token);
        counts.push(usefulMasks(group, left - depth[node]));
      }
      return {
        parents: Int32Array.from(parents),
        tokens: Int32Array.from(tokens),
        masks: Int32Array.from(counts),
      };
    },
  };
}

/**
 * Counts the masks worth having behind a node, given the tokens left at it: one
 * follows the node for sure and one ends the next pass; masks draft those between.
 */
export function usefulMasks(group: number, budget: number): number {
  return Math.max(0, Math.min(group, budget - 2));
}

/** Numbers each node among its siblings, from 0. */
function ranks(parents: Int32Array): Int32Array {
  const children = new Int32Array(parents.length);
  return parents.map((parent) => parent < 0 ? 0 : children[parent]++);
}

/** Counts, depth by depth from 1, the most siblings. */
function widest(depth: Int32Array, rank: Int32Array): number[] {
  const widths: number[] = [];
  for (let node = 1; node < depth.length; node++) {
    const level = depth[node] - 1;
    widths[level] = Math.max(widths[level] ?? 0, rank[node] + 1);
  }
  return widths;
}
