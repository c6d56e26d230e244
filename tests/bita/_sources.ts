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
import { ConditionalHead } from "../../lib/bita/draft/conditional_head.ts";
import { uniform } from "../../lib/bita/choose/random.ts";
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
  /** Whether a random conditional head reranks what masks guess. */
  reranks?: boolean;
  prediction?: Iterable<number>;
}

/** Returns sources that have not learned anything yet. */
export function guessSources(
  model: ToyModel,
  { prompt, drafters, acceptance, hydra, reranks, prediction }: SourceOptions,
): GuessSources {
  const calibration = new Calibration(acceptance);
  return {
    memory: {
      acceptance: new Acceptance(),
      successors: new SuccessorTable(model.shape.vocab),
      maskWorth: new MaskWorth(model.shape.masks, calibration),
    },
    calibration,
    conditional: reranks ? someHead(model) : undefined,
    hydra: new Calibration(hydra, "hydra"),
    drafters: new Set(drafters),
    index: new NgramIndex(prompt),
    prediction: prediction && new Prediction(Int32Array.from(prediction)),
  };
}

/** Returns a conditional head of random numbers, for every second token. */
function someHead({ shape: { masks, vocab: words } }: ToyModel) {
  const vocab = Int32Array.from({ length: words / 2 }, (_, row) => 2 * row);
  const rank = 3;
  const drawn = (count: number, place: number) =>
    Float32Array.from({ length: count }, (_, i) => 4 * uniform(place, i) - 2);
  return new ConditionalHead({
    vocab,
    rank,
    prev: drawn(vocab.length * rank, 1),
    next: drawn(vocab.length * rank, 2),
    depth: drawn(4 * masks, 3),
  }, words);
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
