/**
 * Where each token of a draft tree stands among the rows of its step:
 *
 * ```text
 * row  0 1 2 …      the natural chain, each in the slot plain decoding would use
 *      …            the other nodes, in the tree's order
 *      …            the masks of node 0, those of node 1, …
 * ```
 *
 * A mask is one more node: the first is a child of its tree node, each other a child
 * of the mask before it. So mask `j` of a node predicts what stands `2 + j` positions
 * after the node.
 *
 * @module
 */

import { type DraftTree, naturalChain } from "./tree.ts";

/** The rows of a step, and the way back from them to the tree. */
export interface Layout {
  /** `[rows]` vocabulary ids; mask token `j` is `-1 - j`. */
  tokens: Int32Array;
  /** `[rows]` the parent row of each row, -1 for the root's. */
  parents: Int32Array;
  /** Rows that decide tokens: the first ones, one a node of the natural chain. */
  naturalRows: number;
  /** `[nodes]` the row of each node. */
  nodeRows: Int32Array;
  /** `[nodes]` the row of each node's first mask; the others follow it. */
  maskRows: Int32Array;
}

/** Lays a tree out as the rows of a step. */
export function layOut(tree: DraftTree): Layout {
  const natural = naturalChain(tree.parents);
  const nodeRows = rowsOfNodes(tree.parents, natural);
  const maskRows = new Int32Array(nodeRows.length);
  let rows = nodeRows.length;
  for (let node = 0; node < nodeRows.length; node++) {
    maskRows[node] = rows;
    rows += tree.masks[node];
  }

  const parents = new Int32Array(rows).fill(-1);
  const tokens = new Int32Array(rows);
  for (let node = 0; node < nodeRows.length; node++) {
    const row = nodeRows[node];
    tokens[row] = tree.tokens[node];
    if (node > 0) parents[row] = nodeRows[tree.parents[node]];
    for (let j = 0; j < tree.masks[node]; j++) {
      tokens[maskRows[node] + j] = -1 - j;
      parents[maskRows[node] + j] = j === 0 ? row : maskRows[node] + j - 1;
    }
  }
  return { tokens, parents, naturalRows: natural.length, nodeRows, maskRows };
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
