/**
 * Which guesses were right. The natural rows choose the tokens. A guess is accepted only
 * if it is the token that is chosen anyway.
 *
 * @module
 */

import type { DraftTree } from "../tree/tree.ts";

/** What a pass has decided. */
export interface Verified {
  /** Final tokens, in order. */
  tokens: number[];
  /** How many of them were guesses. */
  accepted: number;
  /** Nodes of the natural chain that are now text, the root included. */
  kept: number;
  /**
   * The node whose rows draft the next pass: the last that became text, which is a
   * sibling off the chain if the last token is one.
   */
  drafter: number;
  /** Whether {@linkcode Verified.drafter} is such a sibling, and so the next root. */
  hit: boolean;
}

/**
 * Follows the natural chain as far as its guesses are the tokens that are chosen.
 *
 * @param choose returns the token after the n-th natural row, asked for in order from
 * 0, or `undefined` once the text has ended.
 */
export function verify(
  tree: DraftTree,
  choose: (naturalRow: number) => number | undefined,
): Verified {
  const verified: Verified = {
    tokens: [],
    accepted: 0,
    kept: 1,
    drafter: 0,
    hit: false,
  };
  for (;;) {
    const token = choose(verified.kept - 1);
    if (token === undefined) return verified;
    verified.tokens.push(token);
    const natural = tree.parents.indexOf(verified.drafter);
    const child = childOf(tree, verified.drafter, token);
    if (child < 0) return verified;
    verified.accepted++;
    verified.drafter = child;
    if (child !== natural) return { ...verified, hit: true };
    verified.kept++;
  }
}

/** Finds the child of `parent` that guesses `token`, or -1. */
function childOf(tree: DraftTree, parent: number, token: number): number {
  return tree.parents.findIndex((p, node) =>
    p === parent && tree.tokens[node] === token
  );
}
