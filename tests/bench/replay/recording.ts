/**
 * The logits of a model along its own greedy texts, recorded so that drafting can be
 * measured without the model: drafts never change a greedy text.
 *
 * @module
 */

import type { Model } from "../../../lib/bita/decode/model.ts";
import { layOut } from "../../../lib/bita/tree/pass_layout.ts";
import { prefill } from "../../../lib/bita/decode/prefill.ts";
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

/** Logits kept of a row, and of a mask or step; a draft reads one more than it uses. */
const ROW_WIDTH = 2;
const GUESSES = 11;

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
    let start = await prefill(sequence, prompt, { model });
    let token = prompt[prompt.length - 1];
    const steps: Step[] = [];
    while (steps.length < maxTokens && !endTokens.has(token)) {
      const { pass } = layOut({
        parents: Int32Array.of(-1),
        tokens: Int32Array.of(token),
        masks: Int32Array.of(model.masks),
      }, { start, position: start - model.prompts });
      await sequence.forward(pass);
      const logits = await sequence.logits([...pass.tokens.keys()]);
      const rowOf = (row: number) =>
        logits.subarray(row * model.vocab, (row + 1) * model.vocab);
      const row = likeliest(rowOf(0), ROW_WIDTH);
      const masks = Array.from(
        { length: model.masks },
        (_, mask) => likeliest(rowOf(1 + mask), GUESSES),
      );
      token = row.ids[0];
      start++;
      const chain: TopLogits[] = [];
      for (let step = 0; model.draftVocab && step < CHAIN_STEPS; step++) {
        const drafted = step === 0
          ? await sequence.follow!(token, 0)
          : await sequence.follow!(chain[step - 1].ids[0]);
        const { ids, logits: kept } = likeliest(drafted, GUESSES);
        chain.push({
          ids: ids.map((id) => model.draftVocab![id]),
          logits: kept,
        });
      }
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
