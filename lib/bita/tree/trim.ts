/**
 * Fits a draft tree into the rows that a pass may have.
 *
 * @module
 */

import type { DraftTree } from "./draft_tree.ts";
import { naturalChain } from "./tree.ts";

/**
 * Drops what promises least until the tree and its masks fit `maxRows`, at least 1:
 * the masks off the natural chain, then the nodes off it, then the chain's masks,
 * then its nodes; the last of each first.
 */
export function trim(tree: DraftTree, maxRows: number): DraftTree {
  const { parents, tokens } = tree;
  const masks = tree.masks.slice();
  let excess = masks.reduce((sum, count) => sum + count, parents.length) -
    maxRows;
  if (excess <= 0) return tree;

  const chain = naturalChain(parents);
  const onChain = new Set(chain);
  const others = [...parents.keys()].filter((node) => !onChain.has(node));
  const dropped = new Set<number>();
  for (const nodes of [others, chain]) {
    for (const node of nodes.toReversed()) {
      const cut = Math.min(Math.max(excess, 0), masks[node]);
      masks[node] -= cut;
      excess -= cut;
    }
    for (const node of nodes.toReversed()) {
      if (excess <= 0) break;
      dropped.add(node);
      excess--;
    }
  }
  const kept = [...parents.keys()].filter((node) => !dropped.has(node));
  const place = new Map(kept.map((node, index) => [node, index]));
  return {
    ...tree,
    parents: Int32Array.from(kept, (node) => place.get(parents[node]) ?? -1),
    tokens: Int32Array.from(kept, (node) => tokens[node]),
    masks: Int32Array.from(kept, (node) => masks[node]),
  };
}
