/**
 * What a model does on this machine, found out before it serves.
 *
 * @module
 */

import type { Model } from "./bita/model.ts";
import { isWidthInvariant } from "./bita/self_test.ts";
import type { OpenedModel } from "./model_messages.ts";

/** Rows of the passes compared: a pair, a small tree, a large one. */
const WIDTHS = [2, 8, 24];

/** Passes timed; the fastest counts, since only disturbances differ. */
const TRIALS = 5;

/** Times passes and compares their widths. */
export async function checkModel(model: Model): Promise<OpenedModel> {
  const invariant = await isWidthInvariant(model, { widths: WIDTHS });
  const passMs = await timePass(model);
  return { passMs, exact: invariant ? "bitwise" : "numerical" };
}

/** Times a plain pass and its logits, in milliseconds. */
async function timePass(model: Model): Promise<number> {
  const tokens = Int32Array.of(1);
  const sequence = model.open(tokens);
  let best = Infinity;
  try {
    for (let trial = 0; trial < TRIALS; trial++) {
      const before = performance.now();
      await sequence.forward({
        start: model.prompts + trial,
        tokens,
        positions: Int32Array.of(trial),
        visible: Uint8Array.of(1),
      });
      await sequence.logits([0]);
      best = Math.min(best, performance.now() - before);
    }
  } finally {
    sequence.close();
  }
  return best;
}
