/**
 * What a model says about its own texts, kept so that drafting can be tried without
 * it: greedy texts never change, whoever drafts them.
 *
 * @module
 */

import type { Model } from "../../../lib/bita/decode/model.ts";
import { layOut } from "../../../lib/bita/tree/pass_layout.ts";
import { prefill } from "../../../lib/bita/decode/prefill.ts";
import { bestIds } from "../../../lib/bita/choose/top_k.ts";

/** A row's likeliest tokens, best first, and their logits. */
export interface Said {
  ids: number[];
  logits: number[];
}

/** What is said behind a token of a text. */
export interface Step {
  row: Said;
  /** The guesses of the masks behind the token. */
  masks: Said[];
  /** The Hydra head's guesses behind the row's choice, each step behind the best. */
  chain: Said[];
}

/** A prompt, and what is said behind its last token and those generated. */
export interface Recording {
  prompt: number[];
  steps: Step[];
}

/** Kept of a row; a draft looks at one more than it uses. */
const ROW_WIDTH = 2;
const GUESSES = 11;

/** Steps of the Hydra head; planners may want fewer. */
const CHAIN_STEPS = 6;

/** Lets a model continue a prompt greedily, and notes what it says. */
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
      const chain: Said[] = [];
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

function likeliest(logits: Float32Array, count: number): Said {
  const ids = bestIds(logits, count);
  return { ids, logits: ids.map((id) => logits[id]) };
}
