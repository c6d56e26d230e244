/**
 * Lays a draft tree out as the rows of a step:
 *
 * ```text
 * row  0 1 2 …      tokens that the root follows, if any are to be computed with it
 *      …            the natural chain, in the slots that plain decoding would use
 *      …            the other nodes, in the order of the tree
 *      …            the masks of node 0, the masks of node 1, …
 * ```
 *
 * The first mask of a node is its child. Each further mask is a child of the mask
 * before it. So mask `j` predicts the token `2 + j` positions after the node.
 *
 * @module
 */

import { chain, type DraftTree, naturalChain } from "./tree.ts";

/** The rows of a step, and where the tree's nodes are in them. */
export interface Layout {
  /** `[rows]` vocabulary ids. Mask token `j` is `-1 - j`. */
  tokens: Int32Array;
  /** `[rows]` the parent row of each row, or -1 for the first. */
  parents: Int32Array;
  /** Number of rows that choose tokens: the natural chain, from the root's row on. */
  naturalRows: number;
  /** `[nodes]` the row of each node. */
  nodeRows: Int32Array;
  /** `[nodes]` the row of each node's first mask. Its other masks follow. */
  maskRows: Int32Array;
}

/**
 * Returns the rows of a tree.
 *
 * @param before tokens that the root follows, and whose rows come first.
 */
export function layOut(
  tree: DraftTree,
  before: Int32Array = new Int32Array(),
): Layout {
  if (tree.parents.length === 1 && tree.masks[0] === 0) {
    return layOutRoot(tree.tokens[0], before);
  }
  const natural = naturalChain(tree.parents);
  const nodeRows = rowsOfNodes(tree.parents, natural)
    .map((row) => before.length + row);
  const maskRows = new Int32Array(nodeRows.length);
  let rows = before.length + nodeRows.length;
  for (let node = 0; node < nodeRows.length; node++) {
    maskRows[node] = rows;
    rows += tree.masks[node];
  }

  // Of the tokens before the root, and of the root, it is the row before.
  const parents = Int32Array.from({ length: rows }, (_, row) => row - 1);
  const tokens = new Int32Array(rows);
  tokens.set(before);
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

/** Lays out a root alone, as most are where many share a pass. */
function layOutRoot(root: number, before: Int32Array): Layout {
  const row = before.length;
  return {
    tokens: Int32Array.of(...before, root),
    parents: chain(row),
    naturalRows: 1,
    nodeRows: Int32Array.of(row),
    maskRows: Int32Array.of(row + 1),
  };
}

/** Returns the row of each node: the natural chain first, then the others in order. */
function rowsOfNodes(parents: Int32Array, natural: number[]): Int32Array {
  const rows = new Int32Array(parents.length).fill(-1);
  for (const [row, node] of natural.entries()) rows[node] = row;
  let next = natural.length;
  for (let node = 0; node < rows.length; node++) {
    if (rows[node] < 0) rows[node] = next++;
  }
  return rows;
}
