/**
 * The tree that pays: as many guesses as bring most, for the time that their rows
 * take here.
 *
 * Under the natural-slot rule only the chain of first children can become text in
 * the pass at hand, so a tree is that chain with siblings beside it. A sibling that
 * hits makes the next pass start with a sure guess instead. Masks behind a node
 * draft the next pass if the node is the last to become text.
 *
 * All sources of guesses meet in one list of options a step; a token that several
 * propose counts once, with their chances joined.
 *
 * @module
 */

import type { Cost } from "../cost/cost_curve.ts";
import { type Beside, PassPrice } from "../cost/pass_price.ts";
import type { DraftTree } from "../tree/draft_tree.ts";
import type { Guess } from "./acceptance.ts";
import {
  copies,
  type GuessSources,
  type Level,
  type Option,
  Walk,
} from "./guesses.ts";
import { learnFrom, originOf } from "./lessons.ts";
import { payingWidths } from "./paying_widths.ts";
import type { Outcome, Planner, PlanState } from "./planner.ts";
import type { TopK } from "../choose/top_k.ts";
import type { Origin } from "./trace.ts";
import { comb, naturalChain } from "../tree/tree.ts";

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

/** The chance to become text below which nothing is looked at. */
const LEAST = 0.02;

/** The chance from which on a guess needs no other beside it. */
const SURE = 0.9;

/** Plans each pass by what its rows cost and what they are likely to bring. */
export class CostPlanner implements Planner {
  readonly widths: readonly number[];
  readonly #options: CostPlannerOptions;
  /** What was thought of the last tree's tokens, by depth from 1. */
  #considered: Option[][] = [];
  /** What the last pass was planned from. */
  #state: PlanState = { root: 0, budget: 0, candidates: [] };
  readonly #price: PassPrice;

  constructor(options: CostPlannerOptions) {
    const { cost, beside, masks } = options;
    this.#options = options;
    this.widths = new Array(masks).fill(MASK_WIDTH);
    this.#price = new PassPrice(cost, beside);
  }

  plan(state: PlanState): DraftTree {
    const { maxRows } = this.#options;
    const { root, budget } = state;
    this.#price.next();
    const levels = this.#levels(state);
    const widths = payingWidths(levels, { price: this.#price, maxRows });
    const taken = widths.flatMap((width, depth) => {
      const { reach, options } = levels[depth];
      return options.slice(0, width).map(({ token, chance }) => (
        { token, chance: reach * chance }
      ));
    });
    this.#considered = levels.map(({ options }) => options);
    this.#state = state;
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
   * A step pays if a usual guess behind this chain would be worth its row, unless a
   * copy of the text is about as sure as a guess can be.
   */
  follows(chain: readonly TopK[]): boolean {
    const { sources, hydra, memory: { acceptance } } = this.#options;
    if (!sources.has("hydra") || chain.length >= hydra.depth) return false;
    const isSure = (copy: Guess) => acceptance.chance(copy) > SURE;
    if (copies(this.#options).some(isSure)) return false;
    let reach = 1;
    for (const { shares: [share] } of chain) {
      reach *= acceptance.chance(hydra.guess(share));
    }
    const depth = chain.length + 1;
    const usual = hydra.best(chain.length);
    const price = this.#price.ofRow(depth, depth) + this.#price.ofDraft;
    return reach * usual > price;
  }

  learn({ tree, verdict }: Outcome): void {
    const { memory, sources } = this.#options;
    const { tokens } = verdict;
    learnFrom({ tree, verdict }, this.#considered, this.#options);
    const { candidates, successor } = this.#state;
    const natural = naturalChain(tree.parents).length;
    if (successor === undefined && sources.has("bita")) {
      const spent = this.#price.of(tree.tokens.length, natural) -
        this.#price.of(1, 1);
      memory.maskWorth.learn(candidates.length, verdict.accepted - spent);
    }
    const rows = rowsOf(tree);
    const read = tree.readAll ? rows : natural;
    this.#price.learn(tokens.length, { rows, read });
  }

  origin(guess: { depth: number; token: number }): Origin {
    return originOf(this.#considered, guess);
  }

  /** Looks ahead as far as a guess may be worth a row anywhere. */
  #levels(state: PlanState): Level[] {
    const levels: Level[] = [];
    const deepest = Math.min(state.budget - 1, this.#options.maxRows);
    if (deepest === 0 || this.#price.ofRow(1, 1) > 1) return levels;
    for (const level of new Walk(state, this.#options).levels()) {
      levels.push(level);
      const { reach, options: [best] } = level;
      if (levels.length === deepest || reach * best.chance < LEAST) break;
    }
    return levels;
  }

  /** Gives masks to the nodes behind which they are likely to be needed. */
  #masks(parents: Int32Array, chances: number[], budget: number): Int32Array {
    const { memory: { maskWorth }, sources, masks, maxRows } = this.#options;
    const counts = new Int32Array(parents.length);
    // Passes with mask rows are not shared.
    const isShared = this.#price.isShared;
    if (!sources.has("bita") || budget < 3 || isShared) return counts;
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

  /** Tells whether one reading of all rows takes less than two of a few. */
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
