/**
 * The draft tree, as its `parents` array: node 0 is the last final token and a
 * parent always precedes its children, so masks and paths follow in one sweep.
 *
 * @module
 */

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

/** Tells whether a text names a tree that {@linkcode parseShape} can read. */
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

/** Marks, row by row, whom each node attends to: itself and its ancestors. */
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
