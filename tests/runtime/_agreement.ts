/**
 * How far two models agree on a text.
 *
 * @module
 */

import type { Model } from "../../lib/bita/decode/model.ts";
import { argmax, readInPasses } from "./_text.ts";

/** What became of reading one text with two models. */
export interface Agreement {
  /** Share of the tokens after which both find the same one best. */
  best: number;
  /** Largest difference of a logit. */
  largest: number;
}

/** Reads `text` with `model` and with `authority`, in passes of 31 rows. */
export async function agreement(
  model: Model,
  authority: Model,
  text: Int32Array,
): Promise<Agreement> {
  const expected: Float32Array[] = [];
  await readInPasses(authority, text, {
    width: 31,
    look: (row) => expected.push(row.slice()),
  });
  let same = 0, largest = 0;
  await readInPasses(model, text, {
    width: 31,
    look(row, position) {
      if (argmax(row) === argmax(expected[position])) same++;
      for (let id = 0; id < row.length; id++) {
        const difference = Math.abs(row[id] - expected[position][id]);
        if (!(difference <= largest)) largest = difference;
      }
    },
  });
  return { best: same / text.length, largest };
}

/** Describes an agreement in one line. */
export function describe({ best, largest }: Agreement): string {
  return `same best token: ${(100 * best).toFixed(1)} %, ` +
    `largest difference of a logit: ${largest.toExponential(1)}`;
}
