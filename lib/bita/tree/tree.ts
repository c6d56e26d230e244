/**
 * The draft tree: guesses of the tokens after the last final token.
 *
 * The `parents` array is the shape of a tree. Node 0 is the root, the last final token.
 * Parents come before their children, so one sweep can compute depths and paths.
 *
 * @module
 */

/** The guesses of a step. */
export interface DraftTree {
  /** `[nodes]` the parent of each node, or -1 for the root. */
  parents: Int32Array;
  /** `[nodes]` vocabulary ids. */
  tokens: Int32Array;
  /** `[nodes]` the number of mask tokens after each node. They draft the next step. */
  masks: Int32Array;
  /**
   * Whether the logits of all rows are read at once. Otherwise the rows that choose
   * tokens are read first, and then only the other rows that are needed. Reading all at
   * once can be faster.
   *
   * @default false
   */
  readAll?: boolean;
}

/** Returns the tree without any guess or mask. */
export function rootAlone(token: number): DraftTree {
  const [parents, tokens] = [Int32Array.of(-1), Int32Array.of(token)];
  return { parents, tokens, masks: new Int32Array(1) };
}

/** A shape as text: up to 8 levels of up to 99 guesses. */
const SHAPE = /^(paper|[1-9]\d?(-[1-9]\d?){0,7})$/;

/**
 * Returns the parents of a comb. Each level has its width of guesses, and only the first
 * guess of a level has children.
 */
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

/** Returns the parents of a single branch of `depth` guesses. */
export function chain(depth: number): Int32Array {
  return comb(new Array(depth).fill(1));
}

/** Returns whether {@linkcode parseShape} accepts a text. */
export function isShape(text: string): boolean {
  return SHAPE.test(text);
}

/**
 * Returns the widths of a comb from text such as `"5-4-3"`. `"paper"` means that one.
 *
 * @throws {SyntaxError} if the text is not a shape.
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

/** Returns each node's depth. The root has depth 0. */
export function depths(parents: Int32Array): Int32Array {
  const out = new Int32Array(parents.length);
  for (let node = 1; node < out.length; node++) {
    out[node] = out[parents[node]] + 1;
  }
  return out;
}

/** Returns the root, its first child, the first child of that node, and so on. */
export function naturalChain(parents: Int32Array): number[] {
  const nodes = [0];
  for (let node = 1; node < parents.length; node++) {
    if (parents[node] === nodes.at(-1)) nodes.push(node);
  }
  return nodes;
}

/**
 * Drops nodes and masks until the tree fits into `maxRows` rows, at least 1.
 *
 * The masks off the natural chain are dropped first, then the nodes off the chain, then
 * the chain's masks and last the chain's nodes. In each group the last is dropped first.
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
