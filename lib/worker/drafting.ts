/**
 * Which decoder continues a request, and which sources draft for it.
 *
 * @module
 */

import { Acceptance, type Drafter } from "../bita/draft/acceptance.ts";
import type { DecodeOptions, DecodeOutput } from "../bita/decode/output.ts";
import type { Adapter } from "../../models/adapter/adapter.ts";
import type { Cost } from "../bita/cost/cost_curve.ts";
import type { Beside } from "../bita/cost/pass_price.ts";
import type { Planner } from "../bita/draft/planner.ts";
import { CostPlanner } from "../bita/draft/cost_planner.ts";
import { decode } from "../bita/decode/decoder.ts";
import { Calibration } from "../bita/draft/calibration.ts";
import { ConditionalHead } from "../bita/draft/conditional_head.ts";
import { MaskWorth } from "../bita/draft/mask_worth.ts";
import type { DraftMemory, GuessSources } from "../bita/draft/guesses.ts";
import type { Sequence, StepRunner } from "../bita/decode/model.ts";
import { NgramIndex } from "../bita/draft/ngram_index.ts";
import { decodePlain } from "../bita/decode/plain.ts";
import { FilledPlanner } from "../bita/draft/filled_planner.ts";
import { Prediction } from "../bita/draft/prediction.ts";
import { SuccessorTable } from "../bita/draft/successors.ts";
import type { Draft } from "../engine/generation.ts";
import { DraftMemories } from "./draft_memories.ts";
import type { Scheduler } from "./scheduler.ts";

/** A model, and what is known about drafting with it. */
export interface DraftingParts {
  scheduler: Scheduler;
  cost: Cost;
  /** Masks that were never tuned are not worth rows. */
  adapter: Pick<
    Adapter,
    "maskEmbeddings" | "acceptance" | "conditional" | "hydra"
  >;
  /** Drafters that are left out, as benchmarks do to see what each is worth. */
  without?: readonly Drafter[];
}

/** How to continue a prompt, and what drafts. */
export interface DraftedOptions extends DecodeOptions {
  draft: Draft;
  /** Guesses by depth, of a comb to fill; without it, what pays. */
  draftTree?: readonly number[] | undefined;
  /** A text that is likely to come, to copy from. */
  prediction?: Int32Array | undefined;
  /** Learns from the text, and drafts; by default that of all texts without one. */
  memory?: DraftMemory | undefined;
}

/** The owner of texts without a known one. */
const NOBODY = { caller: "", salt: "" };

/** What drafts for each value of a request's `draft`. */
const DRAFTERS_OF = {
  bita: ["mask"],
  hydra: ["hydra"],
  ngram: ["ngram", "prediction"],
  recycle: ["recycle"],
} satisfies Record<Exclude<Draft, "auto" | "none">, Drafter[]>;

/** Decodes with the drafts that a request names, and learns from their acceptance. */
export class Drafting {
  readonly #parts: DraftingParts;
  /** What was learned from texts. */
  readonly memories: DraftMemories;
  readonly #calibration: Calibration;
  readonly #conditional: ConditionalHead | undefined;
  readonly #hydra: Calibration;

  /** Starts from what the adapter was measured to bring. */
  constructor(parts: DraftingParts) {
    const { adapter: { acceptance, conditional, hydra }, scheduler } = parts;
    this.#parts = parts;
    this.#calibration = new Calibration(conditional?.acceptance ?? acceptance);
    this.#conditional = conditional &&
      new ConditionalHead(conditional, scheduler.shape.vocab);
    this.#hydra = new Calibration(hydra?.acceptance, "hydra");
    this.memories = new DraftMemories(() => ({
      acceptance: new Acceptance(),
      successors: new SuccessorTable(scheduler.shape.vocab),
      maskWorth: new MaskWorth(scheduler.shape.masks, this.#calibration),
    }));
  }

  /** What computes the steps of texts. */
  get runner(): StepRunner {
    return this.#parts.scheduler;
  }

  /** Continues a prompt in its sequence. */
  async *decode(
    sequence: Sequence,
    {
      draft,
      draftTree,
      prediction: predicted,
      memory,
      ...options
    }: DraftedOptions,
  ): AsyncGenerator<DecodeOutput, void> {
    const { scheduler } = this.#parts;
    const prediction = predicted && new Prediction(predicted);
    const outputs = draft === "none"
      ? decodePlain(scheduler, sequence, options)
      : decode(scheduler, sequence, {
        ...options,
        planner: this.#planner(draft, {
          memory: this.#upToDate(memory ?? this.memories.of(NOBODY)),
          index: new NgramIndex(options.prompt),
          prediction,
          constraint: options.constraint,
          comb: draftTree,
          beside: () => scheduler.beside(sequence),
        }),
      });
    for await (const output of outputs) {
      if (!prediction) yield output;
      else {
        if (draft === "none") {
          for (const token of output.tokens) prediction.push(token);
        }
        yield { ...output, predicted: prediction.accepted };
      }
    }
  }

  /** Fits a memory to the masks that the model has, none before it is tested with them. */
  #upToDate(memory: DraftMemory): DraftMemory {
    const { masks } = this.#parts.scheduler.shape;
    if (memory.maskWorth.masks !== masks) {
      memory.maskWorth = new MaskWorth(masks, this.#calibration);
    }
    return memory;
  }

  #planner(
    draft: Exclude<Draft, "none">,
    { comb, beside, ...text }:
      & Pick<GuessSources, "memory" | "index" | "prediction" | "constraint">
      & { comb: readonly number[] | undefined; beside: () => Beside },
  ): Planner {
    const { scheduler: { shape: { masks, maxRows } }, cost } = this.#parts;
    const parts = {
      ...text,
      calibration: this.#calibration,
      conditional: this.#conditional,
      hydra: this.#hydra,
      drafters: this.#drafters(draft),
      masks,
    };
    return comb
      ? new FilledPlanner({ ...parts, comb })
      : new CostPlanner({ ...parts, cost, maxRows, beside });
  }

  #drafters(draft: Exclude<Draft, "none">): ReadonlySet<Drafter> {
    const { adapter: { maskEmbeddings }, without = [] } = this.#parts;
    if (draft !== "auto") return new Set(DRAFTERS_OF[draft]);
    const { bita, ...untrained } = DRAFTERS_OF;
    const all = [
      ...maskEmbeddings ? bita : [],
      ...Object.values(untrained).flat(),
    ];
    return new Set(all.filter((drafter) => !without.includes(drafter)));
  }
}
