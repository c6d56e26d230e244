/**
 * Sources of guesses for a planner of the toy.
 *
 * @module
 */

import { Acceptance, type Drafter } from "../../lib/bita/draft/acceptance.ts";
import {
  type AcceptanceTable,
  Calibration,
} from "../../lib/bita/draft/calibration.ts";
import { costCurve } from "../../lib/bita/cost/cost_curve.ts";
import { CostPlanner } from "../../lib/bita/draft/cost_planner.ts";
import type { GuessSources } from "../../lib/bita/draft/guesses.ts";
import { MaskWorth } from "../../lib/bita/draft/mask_worth.ts";
import { NgramIndex } from "../../lib/bita/draft/ngram_index.ts";
import { Prediction } from "../../lib/bita/draft/prediction.ts";
import { SuccessorTable } from "../../lib/bita/draft/successors.ts";
import type { ToyModel } from "../toy/model.ts";

/** Options of {@linkcode guessSources}. */
export interface SourceOptions {
  prompt: Int32Array;
  drafters: Drafter[];
  acceptance?: AcceptanceTable;
  hydra?: AcceptanceTable;
  prediction?: Iterable<number>;
}

/** Returns sources that have not learned anything yet. */
export function guessSources(
  model: ToyModel,
  { prompt, drafters, acceptance, hydra, prediction }: SourceOptions,
): GuessSources {
  const calibration = new Calibration(acceptance);
  return {
    memory: {
      acceptance: new Acceptance(),
      successors: new SuccessorTable(model.shape.vocab),
      maskWorth: new MaskWorth(model.shape.masks, calibration),
    },
    calibration,
    hydra: new Calibration(hydra, "hydra"),
    drafters: new Set(drafters),
    index: new NgramIndex(prompt),
    prediction: prediction && new Prediction(Int32Array.from(prediction)),
  };
}

/** Returns a table in which `hits` of 100 guesses of each kind were right. */
export function alike(
  hits: number,
  { masks }: { masks: number },
): AcceptanceTable {
  const all = (count: number) => new Array(masks).fill([[count]]);
  return { shares: [], seen: all(100), hits: all(hits) };
}

/** A cost of passes in which rows are free. */
export const FLAT = { body: costCurve([[2, 10], [32, 10]]), head: () => 1 };

/** Returns a planner for a toy with a cost of passes. */
export function costPlanner(
  model: ToyModel,
  { cost = FLAT, ...options }: SourceOptions & { cost?: typeof FLAT },
): CostPlanner {
  return new CostPlanner({
    ...guessSources(model, options),
    cost,
    masks: model.shape.masks,
    maxRows: model.shape.maxRows,
  });
}
