/**
 * Plans a tree of the guesses that are worth their time: a guess gets a row if it gains
 * more tokens than this host decodes in the time of the row.
 *
 * Under the natural-slot rule only the chain of first children can become text in one
 * pass, so a tree is that chain with siblings beside it. An accepted sibling is the
 * next root, with a nearly sure guess after it. Masks after a node draft the next pass
 * if the node is the last to become text.
 *
 * The guesses of all drafters meet in one list for each depth; a token that several
 * propose counts once, with their chances joined.
 *
 * @module
 */

import type { TopK } from "../choose/top_k.ts";
import type { Cost } from "../cost/cost_curve.ts";
import { type Beside, PassPrice } from "../cost/pass_price.ts";
import { comb, type DraftTree, naturalChain, rootAlone } from "../tree/tree.ts";
import { RERANKED } from "./conditional_head.ts";
import {
  type Considered,
  learnFrom,
  type Origin,
  originOf,
} from "./feedback.ts";
import { copyKinds, type GuessSources, type Level, levels } from "./guesses.ts";
import { payingWidths } from "./paying_widths.ts";
import type { Outcome, Planner, PlanState } from "./planner.ts";

/** What a {@linkcode CostPlanner} works with. */
export interface CostPlannerOptions extends GuessSources {
  /** Milliseconds of passes by all of their rows. */
  cost: Cost;
  /** Returns what others will have in the next pass; nothing unless given. */
  beside?: () => Beside;
  /** Mask tokens that the model knows. */
  masks: number;
  /** The most rows that a pass may have. */
  maxRows: number;
}

/** Guesses read off a mask row. */
const MASK_WIDTH = 8;

/** The chance to become text below which no guess is considered. */
const LEAST = 0.02;

/** The chance of a guess that makes others superfluous; hardly any has a higher one. */
const SURE = 0.9;

/** Plans each pass by what its rows cost and what they are likely to bring. */
export class CostPlanner implements Planner {
  readonly widths: readonly number[];
  readonly #options: CostPlannerOptions;
  #considered: Considered = [];
  /** What the last pass was planned from. */
  #state: PlanState = { root: 0, budget: 0, candidates: [] };
  readonly #price: PassPrice;
  /** Whether a row of the last shared pass cost more than a sure guess gains. */
  #isVain = false;

  constructor(options: CostPlannerOptions) {
    const { cost, beside, masks, conditional } = options;
    this.#options = options;
    this.widths = new Array(masks).fill(conditional ? RERANKED : MASK_WIDTH);
    this.#price = new PassPrice(cost, beside);
  }

  plan(state: PlanState): DraftTree {
    const { maxRows } = this.#options;
    const { root, budget } = state;
    this.#price.next();
    this.#state = state;
    this.#isVain = this.#price.isShared && this.#price.ofRow(1, 1) > SURE;
    if (this.#isVain) {
      this.#considered = [];
      return rootAlone(root);
    }
    const levels = this.#levels(state);
    const widths = payingWidths(levels, { price: this.#price, maxRows });
    const taken = widths.flatMap((width, depth) => {
      const { reach, guesses } = levels[depth];
      return guesses.slice(0, width).map(({ token, chance }) => (
        { token, chance: reach * chance }
      ));
    });
    this.#considered = levels.map(({ guesses }) => guesses);
    const parents = comb(widths);
    const chances = [1, ...taken.map(({ chance }) => chance)];
    const tree = {
      parents,
      tokens: Int32Array.of(root, ...taken.map(({ token }) => token)),
      masks: this.#masks(parents, chances, budget),
    };
    return { ...tree, readAll: this.#readsAll(tree) };
  }

  /**
   * A step of the Hydra head pays if its usual best guess would be worth a row, unless
   * a copy of the text is about as sure as a guess can be.
   */
  wantsHydra(steps: readonly TopK[]): boolean {
    const { drafters, hydra, memory: { acceptance }, constraint } =
      this.#options;
    if (!drafters.has("hydra") || steps.length >= hydra.depth) return false;
    if (this.#isVain) return false;
    if (steps.length === 0) this.#price.next();
    const depth = steps.length + 1;
    const price = this.#price.ofDraftedRow(depth, depth);
    if (price >= 1) return false;
    if (constraint && constraint.forced().length > 0) return false;
    const copies = copyKinds(this.#options);
    if (copies.some((kind) => acceptance.chance(kind) > SURE)) return false;
    let reach = 1;
    for (const { shares: [share] } of steps) {
      reach *= acceptance.chance(hydra.kind(share));
    }
    return reach * hydra.best(steps.length) > price;
  }

  learn({ tree, verified }: Outcome): void {
    const { memory, drafters } = this.#options;
    learnFrom({ tree, verified }, this.#considered, this.#options);
    const { length } = verified.tokens;
    if (this.#isVain) return this.#price.learn(length, { rows: 1, read: 1 });
    const { candidates, successor } = this.#state;
    const natural = naturalChain(tree.parents).length;
    if (successor === undefined && drafters.has("mask")) {
      const spent = this.#price.of(tree.tokens.length, natural) -
        this.#price.of(1, 1);
      memory.maskWorth.learn(candidates.length, verified.accepted - spent);
    }
    const rows = rowsOf(tree);
    const read = tree.readAll ? rows : natural;
    this.#price.learn(length, { rows, read });
  }

  origin(guess: { depth: number; token: number }): Origin {
    return originOf(this.#considered, guess);
  }

  /** Looks ahead as far as a guess may be worth a row. */
  #levels(state: PlanState): Level[] {
    const found: Level[] = [];
    const deepest = Math.min(state.budget - 1, this.#options.maxRows);
    if (deepest === 0 || this.#price.ofRow(1, 1) > 1) return found;
    for (const level of levels(state, this.#options)) {
      found.push(level);
      const { reach, guesses: [best] } = level;
      if (found.length === deepest || reach * best.chance < LEAST) break;
    }
    return found;
  }

  /** Counts masks after the nodes that are likely to be the last to become text. */
  #masks(parents: Int32Array, chances: number[], budget: number): Int32Array {
    const { memory: { maskWorth }, drafters, masks, maxRows } = this.#options;
    const counts = new Int32Array(parents.length);
    // Passes with mask rows are not shared.
    const isShared = this.#price.isShared;
    if (!drafters.has("mask") || budget < 3 || isShared) return counts;
    let rows = parents.length;
    for (const [node, chance] of chances.entries()) {
      let last = chance; // that no child of the node becomes text
      for (const [child, parent] of parents.entries()) {
        if (parent === node) last -= chances[child];
      }
      for (let mask = 0; mask < masks && rows < maxRows; mask++) {
        const gain = last * maskWorth.gain(mask);
        if (gain < this.#price.ofRow(rows, rows)) break;
        counts[node]++;
        rows++;
      }
    }
    if (rows === parents.length && maskWorth.tries()) counts[0] = 1;
    return counts;
  }

  /** Returns whether one reading of all rows takes less than two of a few. */
  #readsAll(tree: DraftTree): boolean {
    const { head } = this.#options.cost;
    const first = naturalChain(tree.parents).length;
    const drafts = tree.masks.some((count) => count > 0);
    return drafts && head(rowsOf(tree)) < head(first) + head(1);
  }
}

/** Counts the rows of a tree, masks included. */
function rowsOf({ tokens, masks }: DraftTree): number {
  return masks.reduce((sum, count) => sum + count, tokens.length);
}
