/**
 * What a pass teaches about guesses: how often those of a kind are right, what follows
 * what, and the text's own growth.
 *
 * @module
 */

import type { GuessSources, Option } from "./guesses.ts";
import type { Outcome } from "./planner.ts";
import { finders, type Origin } from "./trace.ts";

/** What was thought of the tokens of a tree, by depth from 1. */
export type Considered = readonly (readonly Option[])[];

/** Learns from a pass; the guesses behind a wrong one stay unknown. */
export function learnFrom(
  { tree, verdict }: Outcome,
  considered: Considered,
  { memory, sources, index, prediction }: GuessSources,
): void {
  const { tokens } = verdict;
  for (const [depth, options] of considered.entries()) {
    const actual = tokens[depth];
    if (actual === undefined) break;
    for (const option of options) {
      memory.acceptance.learn(option, option.token === actual);
    }
  }
  let before = tree.tokens[0];
  for (const token of tokens) {
    if (sources.has("recycle")) memory.successors.learn(before, token);
    before = token;
    index.push(token);
    prediction?.push(token);
  }
}

/** Says where a guess of a tree is from. */
export function originOf(
  considered: Considered,
  { depth, token }: { depth: number; token: number },
): Origin {
  const options = considered[depth - 1];
  const { kind, chance } = options.find((option) => option.token === token)!;
  return { finders: finders(kind), chance };
}
