/**
 * A model whose passes tell what rows cost here and now.
 *
 * @module
 */

import type { LiveCost } from "../bita/cost/live_cost.ts";
import { wrapModel } from "../bita/decode/wrap_model.ts";
import type { KvModel, KvSequence } from "../prefix/cached_model.ts";

/** Who learns from the passes, by which clock. */
export interface WatchOptions {
  cost: LiveCost;
  /** Time in milliseconds. */
  now: () => number;
}

/** Lets `cost` learn from each pass of a model, one of which runs at a time. */
export function watchCost(
  model: KvModel,
  { cost, now }: WatchOptions,
): KvModel {
  return wrapModel<KvSequence>(model, (prompt) => {
    const sequence = model.open(prompt);
    return {
      async forward(pass) {
        const begun = now();
        await sequence.forward(pass);
        cost.learn("body", pass.tokens.length, now() - begun);
      },
      async logits(rows) {
        const begun = now();
        const logits = await sequence.logits(rows);
        cost.learn("head", rows.length, now() - begun);
        return logits;
      },
      follow: (token, row) => sequence.follow!(token, row),
      readKv: (slots, options) => sequence.readKv(slots, options),
      writeKv: (...range) => sequence.writeKv(...range),
      close: () => sequence.close(),
    };
  });
}
