/**
 * How wide a comb pays at each depth.
 *
 * Guesses are ranked by their worth, which puts each after the one that it needs: the
 * best guess of a depth is worth at least as much as its siblings and as all below it,
 * and equals keep their order. The comb takes the prefix of this list with the highest
 * net gain. Rows may be free up to some width, so the gain may fall before it rises.
 *
 * @module
 */

import type { PassPrice } from "../cost/pass_price.ts";
import type { Level } from "./guesses.ts";

/** The share of a token that an accepted sibling brings in the next pass. */
const SIBLING_WORTH = 0.3;

/** Returns the number of guesses to try at each depth, as far as any pays. */
export function payingWidths(
  levels: readonly Level[],
  { price, maxRows }: {
    price: Pick<PassPrice, "of">;
    /** The most rows, the root's included. */
    maxRows: number;
  },
): number[] {
  const ranked = levels.flatMap(({ reach, guesses }, depth) =>
    guesses.map(({ chance }, rank) => ({
      depth,
      isBest: rank === 0,
      worth: reach * chance * (rank === 0 ? 1 : SIBLING_WORTH),
    }))
  ).sort((a, b) => b.worth - a.worth).slice(0, maxRows - 1);
  let most = -price.of(1, 1);
  let brought = 0, read = 1, count = 0;
  for (const [index, { isBest, worth }] of ranked.entries()) {
    brought += worth;
    if (isBest) read++;
    const net = brought - price.of(index + 2, read);
    if (net >= most) [most, count] = [net, index + 1];
  }
  const widths: number[] = [];
  for (const { depth } of ranked.slice(0, count)) {
    widths[depth] = (widths[depth] ?? 0) + 1;
  }
  return widths;
}
