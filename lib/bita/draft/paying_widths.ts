/**
 * How wide a comb pays at each depth.
 *
 * Guesses come in the order of their worth, so that each stands behind the one that it
 * needs: a level's best is worth no less than all below it and than its siblings, and
 * equals keep their order. Of all beginnings of this order the one counts that brings
 * most beyond its cost; rows may be free up to some width, and cost more behind it.
 *
 * @module
 */

import type { PassPrice } from "../cost/pass_price.ts";
import type { Level } from "./guesses.ts";

/** The share of a token that a sibling which hits brings in the next pass. */
const SIBLING_WORTH = 0.3;

/** Gives the number of guesses to try at each depth, as far as any pays. */
export function payingWidths(
  levels: readonly Level[],
  { price, maxRows }: {
    price: Pick<PassPrice, "of">;
    /** The most rows, the root's included. */
    maxRows: number;
  },
): number[] {
  const guesses = levels.flatMap(({ reach, options }, depth) =>
    options.map(({ chance }, rank) => ({
      depth,
      isBest: rank === 0,
      worth: reach * chance * (rank === 0 ? 1 : SIBLING_WORTH),
    }))
  ).sort((a, b) => b.worth - a.worth).slice(0, maxRows - 1);
  let most = -price.of(1, 1);
  let brought = 0, read = 1, count = 0;
  for (const [index, { isBest, worth }] of guesses.entries()) {
    brought += worth;
    if (isBest) read++;
    const net = brought - price.of(index + 2, read);
    if (net >= most) [most, count] = [net, index + 1];
  }
  const widths: number[] = [];
  for (const { depth } of guesses.slice(0, count)) {
    widths[depth] = (widths[depth] ?? 0) + 1;
  }
  return widths;
}
