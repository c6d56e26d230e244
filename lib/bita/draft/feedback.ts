/**
 * Reports how the guesses of a pass turned out: to the estimates of acceptance, and to a
 * request that asks for a trace.
 *
 * @module
 */

import type { Verified } from "../decode/verify.ts";
import type { DraftTree } from "../tree/tree.ts";
import type { Drafter } from "./acceptance.ts";
import type { Guess, GuessSources } from "./guesses.ts";
import type { Outcome, Planner } from "./planner.ts";

/** The guesses considered for a tree, by depth from 1. */
export type Considered = readonly (readonly Guess[])[];

/** Where a guess comes from. */
export interface Origin {
  drafters: readonly Drafter[];
  /** The chance that it is accepted, given that its parent is. */
  chance?: number;
}

/** A guess that became text. */
export interface AcceptedGuess extends Origin {
  /** Its level in the tree, from 1. */
  depth: number;
  /** Its place among its siblings, from 0. */
  rank: number;
}

/** Learns from a pass; what stands after a wrong guess shows nothing. */
export function learnFrom(
  { tree, verified }: Outcome,
  considered: Considered,
  { memory, drafters, index, prediction }: GuessSources,
): void {
  const { tokens } = verified;
  for (const [depth, guesses] of considered.entries()) {
    const actual = tokens[depth];
    if (actual === undefined) break;
    for (const { kind, token } of guesses) {
      memory.acceptance.learn(kind, token === actual);
    }
  }
  let before = tree.tokens[0];
  for (const token of tokens) {
    if (drafters.has("recycle")) memory.successors.learn(before, token);
    before = token;
    index.push(token);
    prediction?.push(token);
  }
}

/** Returns where a guess of a tree comes from. */
export function originOf(
  considered: Considered,
  { depth, token }: { depth: number; token: number },
): Origin {
  const guesses = considered[depth - 1];
  const { kind, chance } = guesses.find((guess) => guess.token === token)!;
  return { drafters: kind.drafters, chance };
}

/** Lists the guesses of a pass that became text, in its order. */
export function acceptedGuesses(
  { parents, tokens }: DraftTree,
  { drafter, accepted }: Verified,
  planner: Planner,
): AcceptedGuess[] {
  const guesses: AcceptedGuess[] = [];
  let node = drafter;
  for (let depth = accepted; depth > 0; depth--) {
    const parent = parents[node];
    const rank = parents.subarray(0, node).filter((p) => p === parent).length;
    const origin = planner.origin?.({ depth, token: tokens[node] });
    guesses.unshift({ depth, rank, drafters: [], ...origin });
    node = parent;
  }
  return guesses;
}
