/**
 * The same tree each time, whatever its rows cost: a comb of given widths, filled with
 * the likeliest guesses of all drafters.
 *
 * @module
 */

import type { TopK } from "../choose/top_k.ts";
import { comb, depths, type DraftTree } from "../tree/tree.ts";
import { RERANKED } from "./conditional_head.ts";
import {
  type Considered,
  learnFrom,
  type Origin,
  originOf,
} from "./feedback.ts";
import { type Guess, type GuessSources, levels } from "./guesses.ts";
import {
  type Outcome,
  type Planner,
  type PlanState,
  usefulMasks,
} from "./planner.ts";

/** What a {@linkcode FilledPlanner} works with. */
export interface FilledPlannerOptions extends GuessSources {
  /** Guesses by depth from 1. */
  comb: readonly number[];
  /** Mask tokens that the model knows; a node gets one a level of the comb. */
  masks: number;
}

/** Fills a comb; after an accepted sibling it stands on the successor. */
export class FilledPlanner implements Planner {
  readonly widths: readonly number[];
  readonly #options: FilledPlannerOptions;
  #considered: Considered = [];

  constructor(options: FilledPlannerOptions) {
    this.#options = options;
    const { comb, masks, conditional } = options;
    const widths = comb.slice(0, masks);
    this.widths = conditional ? widths.map(() => RERANKED) : widths;
  }

  plan(state: PlanState): DraftTree {
    const { drafters } = this.#options;
    const { root, budget, successor } = state;
    const filled = this.#filled(state);
    const parents = comb(filled.map(({ length }) => length));
    const masks = drafters.has("mask") ? this.widths.length : 0;
    const counts = [...depths(parents)].map((depth) => (
      usefulMasks(masks, budget - depth)
    ));
    if (successor !== undefined) counts[0] = 0; // its own child is all but sure
    this.#considered = filled;
    return {
      parents,
      tokens: Int32Array.of(root, ...filled.flat().map(({ token }) => token)),
      masks: Int32Array.from(counts),
    };
  }

  wantsHydra(steps: readonly TopK[]): boolean {
    const { drafters, hydra, comb: { length } } = this.#options;
    return drafters.has("hydra") &&
      steps.length < Math.min(hydra.depth, length);
  }

  learn(outcome: Outcome): void {
    learnFrom(outcome, this.#considered, this.#options);
  }

  origin(guess: { depth: number; token: number }): Origin {
    return originOf(this.#considered, guess);
  }

  /** Takes the likeliest guesses of each depth, as many as the comb is wide there. */
  #filled(state: PlanState): Guess[][] {
    const shape = this.#options.comb;
    const widths = state.successor === undefined ? shape : [1, ...shape];
    const deepest = Math.min(widths.length, state.budget - 1);
    const filled: Guess[][] = [];
    const next = levels(state, this.#options);
    while (filled.length < deepest) {
      const { value: level } = next.next();
      if (!level) break;
      filled.push(level.guesses.slice(0, widths[filled.length]));
    }
    return filled;
  }
}
