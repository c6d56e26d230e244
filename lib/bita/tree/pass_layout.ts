/**
 * Where each token of a draft tree stands in its pass:
 *
 * ```text
 * row  0 1 2 …      the natural chain, each in the slot plain decoding would use
 *      …            the other nodes, in the tree's order
 *      …            the masks of node 0, those of node 1, …
 * ```
 *
 * A mask is one more node: the first hangs under its tree node, each other under
 * the one before. So a row sees its ancestors and stands one position behind its
 * parent, masks included, and mask `j` of a node predicts what comes `2 + j`
 * positions behind the node.
 *
 * @module
 */

import type { DraftTree } from "./draft_tree.ts";
import type { Pass } from "../decode/model.ts";
import { ancestorMask, naturalChain } from "./tree.ts";

/** Where a pass begins. */
export interface LayoutOptions {
  /** Slot of the root. */
  start: number;
  /** Position of the root in the text. */
  position: number;
}

/** A pass, and the way back from its rows to the tree. */
export interface Layout {
  /** What the model computes. */
  pass: Pass;
  /** Rows that decide tokens: the first ones, one a node of the natural chain. */
  naturalRows: number;
  /** `[nodes]` the row of each node. */
  nodeRows: Int32Array;
  /** `[nodes]` the row of each node's first mask; the others follow it. */
  maskRows: Int32Array;
}

/** Lays a tree out as the rows of a pass. */
export function layOut(tree: DraftTree, options: LayoutOptions): Layout {
  const { parents, tokens, masks } = tree;
  const natural = naturalChain(parents);
  const nodeRows = rowsOfNodes(parents, natural);
  const maskRows = new Int32Array(parents.length);
  let rows = parents.length;
  for (let node = 0; node < parents.length; node++) {
    maskRows[node] = rows;
    rows += masks[node];
  }

  const rowParents = new Int32Array(rows).fill(-1);
  const rowTokens = new Int32Array(rows);
  for (let node = 0; node < parents.length; node++) {
    const row = nodeRows[node];
    rowTokens[row] = tokens[node];
    if (node > 0) rowParents[row] = nodeRows[parents[node]];
    for (let j = 0; j < masks[node]; j++) {
      rowTokens[maskRows[node] + j] = -1 - j;
      rowParents[maskRows[node] + j] = j === 0 ? row : maskRows[node] + j - 1;
    }
  }

  const positions = new Int32Array(rows).fill(options.position);
  for (let row = 1; row < rows; row++) {
    positions[row] = positions[rowParents[row]] + 1;
  }
  return {
    pass: {
      start: options.start,
      tokens: rowTokens,
      positions,
      visible: ancestorMask(rowParents),
    },
    naturalRows: natural.length,
    nodeRows,
    maskRows,
  };
}

/** Numbers the nodes: the natural chain, then the others in order. */
function rowsOfNodes(parents: Int32Array, natural: number[]): Int32Array {
  const rows = new Int32Array(parents.length).fill(-1);
  for (const [row, node] of natural.entries()) rows[node] = row;
  let next = natural.length;
  for (let node = 0; node < rows.length; node++) {
    if (rows[node] < 0) rows[node] = next++;
  }
  return rows;
}
