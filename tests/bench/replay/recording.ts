/**
 * The logits of a model along its own greedy texts, recorded so that drafting can be
 * measured without the model: drafts never change a greedy text.
 *
 * @module
 */

import type { Model } from "../../../lib/bita/decode/model.ts";
import { layOut } from "../../../lib/bita/tree/pass_layout.ts";
import { prefill } from "../../../lib/bita/decode/prefill.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { bestIds } from "../../../lib/bita/choose/top_k.ts";

/** The likeliest tokens of a row, best first, and their logits. */
export interface TopLogits {
  ids: number[];
  logits: number[];
}

/** The logits after one token of a text. */
export interface Step {
  row: TopLogits;
  /** Of each mask after the token. */
  masks: TopLogits[];
  /** Of each step of the Hydra head, which starts from the best token of `row`. */
  chain: TopLogits[];
}

/** A prompt, and the logits after its last token and after each generated one. */
export interface Recording {
  prompt: number[];
  steps: Step[];
}

/** Logits kept of a row, of a mask and of a step of the Hydra head. */
const ROW_WIDTH = 2;
const MASK_GUESSES = 33;
const STEP_GUESSES = 11;

/** Steps of the Hydra head; planners may use fewer. */
const CHAIN_STEPS = 6;

/** Continues a prompt greedily and records the logits. */
export async function record(
  model: Model,
  prompt: Int32Array,
  { maxTokens, endTokens }: {
    maxTokens: number;
    endTokens: ReadonlySet<number>;
  },
): Promise<Step[]> {
  const sequence = model.open(prompt);
  try {
    await prefill(new Scheduler(model), sequence, { prompt });
    let token = prompt[prompt.length - 1];
    const steps: Step[] = [];
    while (steps.length < maxTokens && !endTokens.has(token)) {
      const { tokens, parents } = layOut({
        parents: Int32Array.of(-1),
        tokens: Int32Array.of(token),
        masks: Int32Array.of(model.shape.masks),
      });
      const start = sequence.length;
      const read = [...tokens.keys()];
      const [output] = await model.run([
        { sequence, start, tokens, parents, read },
      ]);
      const row = likeliest(output.logits[0], ROW_WIDTH);
      const masks = Array.from(
        { length: model.shape.masks },
        (_, mask) => likeliest(output.logits[1 + mask], MASK_GUESSES),
      );
      token = row.ids[0];
      sequence.length++;
      const chain: TopLogits[] = [];
      for (let step = 0; model.shape.draftVocab && step < CHAIN_STEPS; step++) {
        const drafted = step === 0
          ? await output.draft!(token, 0)
          : await output.draft!(chain[step - 1].ids[0]);
        const { ids, logits: kept } = likeliest(drafted, STEP_GUESSES);
        chain.push({
          ids: ids.map((id) => model.shape.draftVocab![id]),
          logits: kept,
        });
      }
      output.release();
      steps.push({ row, masks, chain });
    }
    return steps;
  } finally {
    sequence.close();
  }
}

function likeliest(logits: Float32Array, count: number): TopLogits {
  const ids = bestIds(logits, count);
  return { ids, logits: ids.map((id) => logits[id]) };
}
