/**
 * What a model does on this machine, found out before it serves.
 *
 * @module
 */

import type { CostSamples } from "../bita/cost/cost_curve.ts";
import { LiveCost } from "../bita/cost/live_cost.ts";
import type { Model } from "../bita/decode/model.ts";
import { isInvariant } from "../bita/cost/self_test.ts";
import { chain } from "../bita/tree/tree.ts";

/** What was found out. */
export interface ModelCheck {
  /** Whether a row's bits depend on its text alone. */
  invariant: boolean;
  cost: LiveCost;
}

/** Rows that are timed, in the body and in the head. */
const BODY_ROWS = [2, 4, 8, 16, 31];
const HEAD_ROWS = [2, 4, 8, 31];

/** Sequences whose shared passes are timed, with a row each. */
const BATCHES = [4, 16];

/** Times that each is timed; the fastest counts, since only disturbances differ. */
const TRIALS = 2;

/** Milliseconds after which one trial must do. */
const PATIENCE = 500;

/** Tests whether decoding is exact, and times passes by their rows. */
export async function checkModel(model: Model): Promise<ModelCheck> {
  const invariant = await isInvariant(model);
  return { invariant, cost: await measureCost(model) };
}

async function measureCost(model: Model): Promise<LiveCost> {
  const sequence = model.open(Int32Array.of(1));
  const runPass = async (rows: number) => {
    const [output] = await model.run([{
      sequence,
      start: sequence.length,
      tokens: new Int32Array(rows).fill(1),
      parents: chain(rows - 1),
      read: [],
    }]);
    return output;
  };
  try {
    const body = await time(
      BODY_ROWS,
      async (rows) => (await runPass(rows)).release(),
    );
    const widest = await runPass(Math.max(...HEAD_ROWS));
    const head = await time(
      HEAD_ROWS,
      (rows) => widest.read(Array.from({ length: rows }, (_, row) => row)),
    );
    widest.release();
    const cost = new LiveCost({ body, head });
    await measureBatches(model, cost);
    return cost;
  } finally {
    sequence.close();
  }
}

/** Measures passes that several sequences share. */
async function measureBatches(model: Model, cost: LiveCost): Promise<void> {
  const sizes = BATCHES.filter((size) => size <= model.shape.maxSequences);
  const prompt = Int32Array.of(1);
  const sequences = Array.from(
    { length: Math.max(0, ...sizes) },
    () => model.open(prompt, { tokens: 1 }),
  );
  const runPass = async (size: number) => {
    const outputs = await model.run(
      sequences.slice(0, size).map((sequence) => ({
        sequence,
        start: sequence.length,
        tokens: prompt,
        parents: chain(0),
        read: [],
      })),
    );
    for (const output of outputs) output.release();
  };
  for (const [rows, ms] of await time(sizes, runPass)) {
    cost.learn("body", { rows, sequences: rows, ms });
  }
  for (const sequence of sequences) sequence.close();
}

/** Measures the milliseconds of work by its rows. */
async function time(
  rows: readonly number[],
  work: (rows: number) => Promise<unknown>,
): Promise<CostSamples> {
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
}
