/**
 * The same tree each time, whatever its rows cost: a comb of given widths, filled with
 * the likeliest guesses of all sources.
 *
 * @module
 */

import type { DraftTree } from "./draft_tree.ts";
import { type GuessSources, type Option, Walk } from "./guesses.ts";
import { type Considered, learnFrom, originOf } from "./lessons.ts";
import {
  type Outcome,
  type Planner,
  type PlanState,
  usefulMasks,
} from "./planner.ts";
import type { TopK } from "./top_k.ts";
import type { Origin } from "./trace.ts";

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
    const { comb, sources } = this.#options;
    const { root, budget, successor } = state;
    const masks = sources.has("bita") ? this.widths.length : 0;
    const parents = [-1], tokens = [root];
    const counts = [successor === undefined ? usefulMasks(masks, budget) : 0];
    const walk = new Walk(state, this.#options);
    const considered: Option[][] = [];
    let best = 0;
    for (const width of successor === undefined ? comb : [1, ...comb]) {
      const depth = considered.length + 1;
      const options = walk.options(tokens[best]).slice(0, width);
      if (options.length === 0 || depth >= budget) break;
      considered.push(options);
      const first = parents.length;
      for (const { token } of options) {
        parents.push(best);
        tokens.push(token);
        counts.push(usefulMasks(masks, budget - depth));
      }
      walk.step(options[0].token);
      best = first;
    }
    this.#considered = considered;
    return {
      parents: Int32Array.from(parents),
      tokens: Int32Array.from(tokens),
      masks: Int32Array.from(counts),
    };
  }

  follows(chain: readonly TopK[]): boolean {
    const { sources, hydra, comb } = this.#options;
    const depth = Math.min(hydra.depth, comb.length);
    return sources.has("hydra") && chain.length < depth;
  }

  learn(outcome: Outcome): void {
    learnFrom(outcome, this.#considered, this.#options);
  }

  origin(guess: { depth: number; token: number }): Origin {
    return originOf(this.#considered, guess);
  }
}
