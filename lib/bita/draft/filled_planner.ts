/**
 * The same tree each time, whatever its rows cost: a comb of given widths, filled with
 * the likeliest guesses of all sources.
 *
 * @module
 */

import type { DraftTree } from "../tree/draft_tree.ts";
import { type GuessSources, type Option, Walk } from "./guesses.ts";
import { type Considered, learnFrom, originOf } from "./lessons.ts";
import {
  type Outcome,
  type Planner,
  type PlanState,
  usefulMasks,
} from "./planner.ts";
import type { TopK } from "../choose/top_k.ts";
import type { Origin } from "./trace.ts";
import { comb, depths } from "../tree/tree.ts";

/** What a {@linkcode FilledPlanner} works with. */
export interface FilledPlannerOptions extends GuessSources {
  /** Guesses by depth from 1. */
  comb: readonly number[];
  /** Mask tokens that the model knows; a node gets one a level of the comb. */
  masks: number;
}

/** Fills a comb; behind a hit sibling it stands on the successor. */
export class FilledPlanner implements Planner {
  readonly widths: readonly number[];
  readonly #options: FilledPlannerOptions;
  #considered: Considered = [];

  constructor(options: FilledPlannerOptions) {
    this.#options = options;
    this.widths = options.comb.slice(0, options.masks);
  }

  plan(state: PlanState): DraftTree {
    const { sources } = this.#options;
    const { root, budget, successor } = state;
    const levels = this.#levels(state);
    const parents = comb(levels.map(({ length }) => length));
    const masks = sources.has("bita") ? this.widths.length : 0;
    const counts = [...depths(parents)].map((depth) => (
      usefulMasks(masks, budget - depth)
    ));
    if (successor !== undefined) counts[0] = 0; // its own child is all but sure
    this.#considered = levels;
    return {
      parents,
      tokens: Int32Array.of(root, ...levels.flat().map(({ token }) => token)),
      masks: Int32Array.from(counts),
    };
  }

  follows(chain: readonly TopK[]): boolean {
    const { sources, hydra, comb: { length } } = this.#options;
    return sources.has("hydra") && chain.length < Math.min(hydra.depth, length);
  }

  learn(outcome: Outcome): void {
    learnFrom(outcome, this.#considered, this.#options);
  }

  origin(guess: { depth: number; token: number }): Origin {
    return originOf(this.#considered, guess);
  }

  /** Takes the likeliest guesses of each depth, as many as the comb is wide there. */
  #levels(state: PlanState): Option[][] {
    const shape = this.#options.comb;
    const widths = state.successor === undefined ? shape : [1, ...shape];
    const deepest = Math.min(widths.length, state.budget - 1);
    const levels: Option[][] = [];
    const walk = new Walk(state, this.#options).levels();
    while (levels.length < deepest) {
      const { value: level } = walk.next();
      if (!level) break;
      levels.push(level.options.slice(0, widths[levels.length]));
    }
    return levels;
  }
}
