/**
 * A planner for masks alone, with a tree of any shape.
 *
 * @module
 */

import type { DecodeOutput } from "../../lib/bita/decode/output.ts";
import type { DraftingOptions } from "../../lib/bita/decode/decoder.ts";
import { decodedWithDrafts } from "./_run.ts";
import type { Model } from "../../lib/bita/decode/model.ts";
import { type Planner, usefulMasks } from "../../lib/bita/draft/planner.ts";
import { comb, depths } from "../../lib/bita/tree/tree.ts";

/** Options of {@linkcode draft}. The default planner has the paper's tree. */
export type MaskedOptions =
  & Omit<DraftingOptions, "planner" | "prompt">
  & { planner?: Planner };

/** Decodes with drafts. */
export function draft(
  model: Model,
  prompt: Int32Array,
  options: MaskedOptions,
): AsyncGenerator<DecodeOutput, void> {
  const planner = shapePlanner(comb([5, 4, 3]), model.shape.masks);
  return decodedWithDrafts(model, prompt, { planner, ...options });
}

/**
 * Returns a planner that always fills the same tree, with `masks` masks after each node.
 *
 * A node of depth d and rank r among its siblings gets the r-th guess of mask d.
 * After a hit sibling, the tree starts from its successor instead of the root.
 * Nodes without a guess are left out. So are nodes and masks that could only draft after
 * the end of the text.
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
      drafters: [depth <= top ? "successor" : "mask"],
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

/** Returns the rank of each node among its siblings, from 0. */
function ranks(parents: Int32Array): Int32Array {
  const children = new Int32Array(parents.length);
  return parents.map((parent) => parent < 0 ? 0 : children[parent]++);
}

/** Returns the highest number of siblings for each depth from 1. */
function widest(depth: Int32Array, rank: Int32Array): number[] {
  const widths: number[] = [];
  for (let node = 1; node < depth.length; node++) {
    const level = depth[node] - 1;
    widths[level] = Math.max(widths[level] ?? 0, rank[node] + 1);
  }
  return widths;
}

/** Returns a tree in which every node above `depth` has `width` children. */
export function full(width: number, depth: number): Int32Array {
  const parents = [-1];
  let level = [0];
  for (let d = 0; d < depth; d++) {
    level = level.flatMap((node) =>
      Array.from({ length: width }, () => parents.push(node) - 1)
    );
  }
  return Int32Array.from(parents);
}
