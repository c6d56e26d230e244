/**
 * What a draft has brought, told guess by guess to who wants to see it.
 *
 * @module
 */

import type { DraftTree } from "../tree/draft_tree.ts";
import type { Planner } from "./planner.ts";
import type { Verdict } from "../decode/verify.ts";

/**
 * Who proposes a guess: a mask row, a Hydra head, a hit sibling's row, a copy of the
 * text or of the request's prediction, or a memory.
 */
export type Finder =
  | "mask"
  | "hydra"
  | "successor"
  | "ngram"
  | "prediction"
  | "recycle";

/** Where a planner has a guess from. */
export interface Origin {
  finders: Finder[];
  /** That it is right, given that its path is, as far as the planner knew. */
  chance?: number;
}

/** A guess that became text. */
export interface AcceptedGuess extends Origin {
  /** Its level in the tree, from 1. */
  depth: number;
  /** Its place among its siblings, from 0. */
  rank: number;
}

/** Lists the guesses of a pass that became text, in its order. */
export function acceptedGuesses(
  { parents, tokens }: DraftTree,
  { drafter, accepted }: Verdict,
  planner: Planner,
): AcceptedGuess[] {
  const guesses: AcceptedGuess[] = [];
  let node = drafter;
  for (let depth = accepted; depth > 0; depth--) {
    const parent = parents[node];
    const rank = parents.subarray(0, node).filter((p) => p === parent).length;
    const origin = planner.origin?.({ depth, token: tokens[node] });
    guesses.unshift({ depth, rank, finders: [], ...origin });
    node = parent;
  }
  return guesses;
}

/** Reads off a kind of guess, such as `"copy 2, recycle 0 1"`, who makes it. */
export function finders(kind: string): Finder[] {
  return kind.split(", ").map((one) => {
    const [source] = one.split(" ");
    if (source === "copy") return "ngram";
    return source === "told" ? "prediction" : source as Finder;
  });
}
