/**
 * Who drafts: which decoder a request runs with.
 *
 * @module
 */

import { Acceptance } from "../bita/draft/acceptance.ts";
import type { DecodeOptions, DecodeOutput } from "../bita/decode/output.ts";
import type { Adapter } from "../../models/adapter/adapter.ts";
import type { Cost } from "../bita/cost/cost_curve.ts";
import { CostPlanner } from "../bita/draft/cost_planner.ts";
import { decode } from "../bita/decode/decoder.ts";
import { Calibration } from "../bita/draft/calibration.ts";
import { MaskWorth } from "../bita/draft/mask_worth.ts";
import type { DraftMemory, Source } from "../bita/draft/guesses.ts";
import type { Model } from "../bita/decode/model.ts";
import { NgramIndex } from "../bita/draft/ngram_index.ts";
import { decodePlain } from "../bita/decode/plain.ts";
import { FilledPlanner } from "../bita/draft/filled_planner.ts";
import { Prediction } from "../bita/draft/prediction.ts";
import { SuccessorTable } from "../bita/draft/successors.ts";
import type { Draft } from "../engine/generation.ts";

/** A model, and what is known about drafting with it. */
export interface DraftingParts {
  model: Model;
  cost: Cost;
  /** Who drafts; masks that nobody has tuned are not worth rows. */
  adapter: Pick<Adapter, "maskEmbeddings" | "acceptance" | "hydra">;
}

/** How to continue a prompt, and who drafts. */
export interface DraftedOptions extends DecodeOptions {
  draft: Draft;
  /** Stands in for the model, and must give the same bits. */
  through?: Model | undefined;
  /** Guesses by depth, of a comb to fill; without it, what pays. */
  draftTree?: readonly number[] | undefined;
  /** A text that is likely to come, to copy from. */
  prediction?: Int32Array | undefined;
}

/** Decodes with whoever a request asks for; remembers what drafts have taught. */
export class Drafting {
  readonly #parts: DraftingParts;
  readonly #memory: DraftMemory;
  readonly #calibration: Calibration;
  readonly #hydra: Calibration;

  /** Remembers nothing yet. */
  constructor(parts: DraftingParts) {
    const { model: { masks, vocab }, adapter } = parts;
    const acceptance = new Acceptance();
    this.#parts = parts;
    this.#calibration = new Calibration(adapter.acceptance);
    this.#hydra = new Calibration(adapter.hydra?.acceptance, "hydra");
    this.#memory = {
      acceptance,
      successors: new SuccessorTable(vocab),
      maskWorth: new MaskWorth(masks, this.#calibration),
    };
  }

  /** Continues a prompt. */
  decode(
    prompt: Int32Array,
    { draft, draftTree, prediction, through, ...options }: DraftedOptions,
  ): AsyncGenerator<DecodeOutput, void> {
    const { cost } = this.#parts;
    const model = through ?? this.#parts.model;
    if (draft === "none") return decodePlain(model, prompt, options);
    const { masks, maxRows } = model;
    const parts = {
      memory: this.#memory,
      calibration: this.#calibration,
      hydra: this.#hydra,
      sources: this.#sources(draft),
      index: new NgramIndex(prompt),
      prediction: prediction && new Prediction(prediction),
      masks,
    };
    const planner = draftTree
      ? new FilledPlanner({ ...parts, comb: draftTree })
      : new CostPlanner({ ...parts, cost, maxRows });
    return decode(model, prompt, { ...options, planner });
  }

  #sources(draft: Source | "auto"): ReadonlySet<Source> {
    if (draft !== "auto") return new Set([draft]);
    const untrained: Source[] = ["hydra", "ngram", "recycle"];
    const { maskEmbeddings } = this.#parts.adapter;
    return new Set(maskEmbeddings ? ["bita", ...untrained] : untrained);
  }
}
