/**
 * Planners that know the plain text, so that guesses come true as often as a test
 * wants. A decoding with one may grow by as many tokens as the text has.
 *
 * @module
 */

import { chain, type DraftTree } from "../../lib/bita/tree/tree.ts";
import type { Planner } from "../../lib/bita/draft/planner.ts";

/** Guesses up to six tokens of `text` in a chain; every seventh guess is wrong. */
export function chainOracle(text: number[]): Planner {
  return {
    widths: [],
    plan({ root, budget }) {
      const next = text.length - budget;
      const guesses = text.slice(next, next + 6)
        .map((token, i) => (next + i) % 7 === 5 ? wrongFor(token) : token);
      return {
        parents: chain(guesses.length),
        tokens: Int32Array.of(root, ...guesses),
        masks: new Int32Array(1 + guesses.length),
      };
    },
  };
}

/** Guesses each token of `text`, yet always as a sibling. */
export function siblingOracle(text: number[]): Planner {
  return {
    widths: [],
    plan: ({ root, budget }) => siblingTree(root, text[text.length - budget]),
  };
}

/** Puts a wrong guess into the natural slot and `guess` beside it. */
export function siblingTree(root: number, guess: number): DraftTree {
  return {
    parents: Int32Array.of(-1, 0, 0),
    tokens: Int32Array.of(root, wrongFor(guess), guess),
    masks: new Int32Array(3),
  };
}

function wrongFor(token: number): number {
  return token === 0 ? 1 : 0;
}
