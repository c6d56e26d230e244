/**
 * What a model does on this machine, found out before it serves.
 *
 * @module
 */

import type { CostSamples } from "../bita/cost/cost_curve.ts";
import { LiveCost } from "../bita/cost/live_cost.ts";
import type { Model } from "../bita/decode/model.ts";
import { layOut } from "../bita/tree/pass_layout.ts";
import { isWidthInvariant } from "../bita/cost/self_test.ts";
import { chain } from "../bita/tree/tree.ts";

/** What was found out. */
export interface ModelCheck {
  /** Whether a row's logits are the same bits at every pass width. */
  invariant: boolean;
  cost: LiveCost;
}

/** Rows of the passes compared: a pair, a small tree, a large one. */
const WIDTHS = [2, 8, 24];

/** Rows that are timed, in the body and in the head. */
const BODY_ROWS = [2, 4, 8, 16, 31];
const HEAD_ROWS = [2, 4, 8, 31];

/** Times that each is timed; the fastest counts, since only disturbances differ. */
const TRIALS = 3;

/** Milliseconds after which one trial must do. */
const PATIENCE = 500;

/** Compares pass widths, and times passes by their rows. */
export async function checkModel(model: Model): Promise<ModelCheck> {
  const invariant = await isWidthInvariant(model, { widths: WIDTHS });
  return { invariant, cost: await measureCost(model) };
}

async function measureCost(model: Model): Promise<LiveCost> {
  const prompt = Int32Array.of(1);
  const sequence = model.open(prompt);
  const time = async (
    rows: readonly number[],
    work: (n: number) => unknown,
  ) => {
    const samples: CostSamples[number][] = [];
    for (const count of rows) {
      let best = Infinity;
      for (let trial = 0; trial < TRIALS; trial++) {
        const before = performance.now();
        await work(count);
        best = Math.min(best, performance.now() - before);
        if (best > PATIENCE) break;
      }
      samples.push([count, best]);
    }
    return samples;
  };
  try {
    const body = await time(BODY_ROWS, (rows) => {
      const tokens = new Int32Array(rows).fill(1);
      const masks = new Int32Array(rows);
      const tree = { parents: chain(rows - 1), tokens, masks };
      const place = { start: model.prompts, position: 0 };
      return sequence.forward(layOut(tree, place).pass);
    });
    const head = await time(
      HEAD_ROWS,
      (rows) => sequence.logits(Array.from({ length: rows }, (_, row) => row)),
    );
    return new LiveCost({ body, head });
  } finally {
    sequence.close();
  }
}
