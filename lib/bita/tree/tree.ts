/**
 * The draft tree: guesses about the text after its last final token.
 *
 * A tree is its `parents` array: node 0, the root, is the last final token, and a
 * parent always precedes its children, so masks and paths follow in one sweep.
 *
 * @module
 */

/** What a pass tries. */
export interface DraftTree {
  /** `[nodes]` the parent of each node, -1 for the root. */
  parents: Int32Array;
  /** `[nodes]` vocabulary ids. */
  tokens: Int32Array;
  /** `[nodes]` mask tokens after each node, to draft the pass after. */
  masks: Int32Array;
  /**
   * Whether all rows' logits are read at once, which can take less time than to
   * read those that decide first and of the others then just what is needed.
   *
   * @default false
   */
  readAll?: boolean;
}

/** A tree's text form: up to 8 levels, each up to 99 guesses wide. */
const SHAPE = /^(paper|[1-9]\d?(-[1-9]\d?){0,7})$/;

/** Builds a comb: `widths` guesses by level, and only the best branches on. */
export function comb(widths: readonly number[]): Int32Array {
  const parents = [-1];
  let best = 0;
  for (const width of widths) {
    const first = parents.length;
    for (let rank = 0; rank < width; rank++) parents.push(best);
    best = first;
  }
  return Int32Array.from(parents);
}

/** Builds a tree of one branch, `depth` guesses long. */
export function chain(depth: number): Int32Array {
  return comb(new Array(depth).fill(1));
}

/** Returns whether {@linkcode parseShape} can read a text. */
export function isShape(text: string): boolean {
  return SHAPE.test(text);
}

/**
 * Reads a comb's widths by depth, such as `"5-4-3"`; `"paper"` is that one.
 *
 * @throws {SyntaxError} if the text is neither.
 */
export function parseShape(text: string): number[] {
  if (!isShape(text)) {
    throw new SyntaxError(
      `Cannot read a draft tree: "paper" or 1 to 8 widths from 1 to 99 such as "5-4-3" are required: received ${
        JSON.stringify(text)
      }`,
    );
  }
  return text === "paper" ? [5, 4, 3] : text.split("-").map(Number);
}

/** Marks, row by row, what each node attends to: itself and its ancestors. */
export function ancestorMask(parents: Int32Array): Uint8Array {
  const n = parents.length;
  const mask = new Uint8Array(n * n);
  for (let node = 0; node < n; node++) {
    const parent = parents[node];
    if (parent >= 0) mask.copyWithin(node * n, parent * n, (parent + 1) * n);
    mask[node * n + node] = 1;
  }
  return mask;
}

/** Counts, node by node, the edges up to the root. */
export function depths(parents: Int32Array): Int32Array {
  const out = new Int32Array(parents.length);
  for (let node = 1; node < out.length; node++) {
    out[node] = out[parents[node]] + 1;
  }
  return out;
}

/** Lists the root, its first child, that one's first child, and so on. */
export function naturalChain(parents: Int32Array): number[] {
  const nodes = [0];
  for (let node = 1; node < parents.length; node++) {
    if (parents[node] === nodes.at(-1)) nodes.push(node);
  }
  return nodes;
}

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
