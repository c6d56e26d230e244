/**
 * What a model does on this machine, found out before it serves.
 *
 * @module
 */

import type { CostSamples } from "../../bita/cost/cost_curve.ts";
import { LiveCost } from "../../bita/cost/live_cost.ts";
import { SelfTest } from "../../bita/cost/self_test.ts";
import type { Model, StepOutput } from "../../bita/decode/model.ts";
import { chain } from "../../bita/tree/tree.ts";
import type { PassSamples } from "./known_cost.ts";
import type { KnownProof } from "./known_proof.ts";

/** What was found out. */
export interface ModelCheck extends Disposable {
  /** Whether a row's bits depend on its text alone. */
  invariant: boolean;
  cost: LiveCost;
  /** The test of these and other passes. */
  test: SelfTest;
  /**
   * Repeats the test if it was not done now; to be called before passes of any other kind
   * are tested.
   *
   * @throws {Error} if it is not passed any more.
   */
  confirm(): Promise<void>;
}

/** What is known of a model before it is checked. */
export interface Known {
  /** Returns what passes cost; by default, they are timed by their rows. */
  samples?: () => Promise<PassSamples>;
  /** Whether an earlier process has tested it. */
  proof?: Pick<KnownProof, "isKnown" | "note" | "forget"> | undefined;
}

/** A model whose passes can be made larger. */
export interface WideningModel {
  /** Numbers of sequences that can share a pass, rising. */
  readonly batches: readonly number[];
  /** Uses passes of so many sequences if a test of them returns true. */
  widen(
    sequences: number,
    test: (wider: Model) => Promise<boolean>,
  ): Promise<boolean>;
}

/** A model that may get what drafts after it is open. */
export interface DraftingModel {
  /** Opens what drafts, and uses it if a test of it returns true. */
  addDrafters(test: (drafting: Model) => Promise<boolean>): Promise<boolean>;
}

/** A model that may get a body for passes of few rows after it is open. */
export interface FewRowsModel {
  /**
   * Opens that body, if there is one, and uses it if a test returns true.
   *
   * @returns whether it can be relied on, or is not missed.
   */
  addFew(test: (few: Model) => Promise<boolean>): Promise<boolean>;
}

/** Rows that are timed, in the body and in the head. */
const BODY_ROWS = [1, 2, 4, 8, 16, 31];
const HEAD_ROWS = [1, 2, 4, 8, 31];

/** Times that each is timed; the fastest counts, since only disturbances differ. */
const TRIALS = 2;

/** Milliseconds after which one trial must do. */
const PATIENCE = 20;

/** Tests whether passes of one sequence are exact, unless that is known. */
export async function checkModel(
  model: Model,
  { samples = () => measureCost(model), proof }: Known = {},
): Promise<ModelCheck> {
  const test = new SelfTest(model);
  const isKnown = await proof?.isKnown() ?? false;
  const invariant = isKnown || await test.isExactAlone();
  if (invariant && !isKnown) await proof?.note();
  return {
    invariant,
    cost: new LiveCost(await samples()),
    test,
    async confirm() {
      if (!isKnown || await test.isExactAlone()) return;
      await proof?.forget();
      throw new Error(
        "Cannot go on: the same bits as at an earlier start are required: received others",
      );
    },
    [Symbol.dispose]: () => test[Symbol.dispose](),
  };
}

/**
 * Adds what drafts to a model. Where natural rows have the same bits in all passes, it is
 * used only if they have them beside masks, too.
 *
 * @throws {Error} if they do not.
 */
export async function addDrafters(
  model: DraftingModel,
  { test, invariant }: Pick<ModelCheck, "test" | "invariant">,
): Promise<void> {
  const isUsed = await model.addDrafters(async (drafting) =>
    !invariant || await test.isExactDrafting(drafting)
  );
  if (isUsed) return;
  throw new Error(
    "Cannot draft by the adapter: the same bits as without masks are required: received others",
  );
}

/**
 * Makes passes of few rows faster, if they have the same bits as before.
 *
 * @throws {Error} if they have not.
 */
export async function addFew(
  model: FewRowsModel,
  { test }: Pick<ModelCheck, "test">,
): Promise<void> {
  if (await model.addFew((few) => test.isExactDrafting(few))) return;
  throw new Error(
    "Cannot compute few rows faster: the same bits as in other passes are required: received others",
  );
}

/**
 * Makes passes larger, one size after the other. Each is tested and timed before it is
 * used, and so is used by no request if it is not exact.
 *
 * @param onWider is called with each number of sequences that can share a pass now.
 * @throws {Error} if passes of a size are not exact; larger ones are not tried.
 */
export async function widenPasses(
  model: WideningModel,
  { test, cost }: Pick<ModelCheck, "test" | "cost">,
  onWider: (sequences: number) => void,
): Promise<void> {
  for (const sequences of model.batches) {
    const isUsed = await model.widen(sequences, async (wider) => {
      if (!await test.isExactTogether(wider)) return false;
      await measureBatch(wider, cost);
      return true;
    });
    if (!isUsed) {
      throw new Error(
        `Cannot share passes of ${sequences} sequences: the same bits as alone are required: received others`,
      );
    }
    onWider(sequences);
  }
}

/** Times passes of one sequence by their rows. */
export async function measureCost(model: Model): Promise<PassSamples> {
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
    let output: StepOutput | undefined;
    const body = await time(BODY_ROWS, async (rows) => {
      output?.release();
      output = await runPass(rows);
    });
    const head = await time(
      HEAD_ROWS,
      (rows) => output!.read(Array.from({ length: rows }, (_, row) => row)),
    );
    output!.release();
    return { body, head };
  } finally {
    sequence.close();
  }
}

/** Measures passes of as many sequences as share one, with a row each. */
async function measureBatch(model: Model, cost: LiveCost): Promise<void> {
  const size = model.shape.maxSequences;
  const prompt = Int32Array.of(1);
  const sequences = Array.from(
    { length: size },
    () => model.open(prompt, { tokens: 1 }),
  );
  const runPass = async () => {
    const outputs = await model.run(
      sequences.map((sequence) => ({
        sequence,
        start: sequence.length,
        tokens: prompt,
        parents: chain(0),
        read: [],
      })),
    );
    for (const output of outputs) output.release();
  };
  try {
    for (const [rows, ms] of await time([size], runPass)) {
      cost.learn("body", { rows, sequences: rows, ms });
    }
  } finally {
    for (const sequence of sequences) sequence.close();
  }
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
