/**
 * Which guesses were right. The natural rows say what the text is; a guess counts
 * iff it is the token that was chosen anyway.
 *
 * @module
 */

import type { DraftTree } from "../tree/draft_tree.ts";

/** What a pass has settled. */
export interface Verdict {
  /** Final tokens, in order. */
  tokens: number[];
  /** How many of them were guesses. */
  accepted: number;
  /** Nodes of the natural chain that are now text, the root included. */
  kept: number;
  /**
   * The node whose rows draft the next pass: the last that became text, which is
   * a sibling off the chain if the last token hit one.
   */
  drafter: number;
  /** Whether {@linkcode drafter} is such a sibling, and so the next root. */
  hit: boolean;
}

/**
 * Follows the natural chain as far as it says what is chosen.
 *
 * `choose` gives the token after the n-th natural row, asked in order from 0, or
 * `undefined` once the text has ended.
 */
export function verify(
  tree: DraftTree,
  choose: (naturalRow: number) => number | undefined,
): Verdict {
  const verdict: Verdict = {
    tokens: [],
    accepted: 0,
    kept: 1,
    drafter: 0,
    hit: false,
  };
  for (;;) {
    const token = choose(verdict.kept - 1);
    if (token === undefined) return verdict;
    verdict.tokens.push(token);
    const natural = tree.parents.indexOf(verdict.drafter);
    const child = childOf(tree, verdict.drafter, token);
    if (child < 0) return verdict;
    verdict.accepted++;
    verdict.drafter = child;
    if (child !== natural) return { ...verdict, hit: true };
    verdict.kept++;
  }
}

/** Finds the child of `parent` that guesses `token`, or -1. */
function childOf(tree: DraftTree, parent: number, token: number): number {
  return tree.parents.findIndex((p, node) =>
    p === parent && tree.tokens[node] === token
  );
}
