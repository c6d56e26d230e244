/**
 * What a model says about its own texts, kept so that drafting can be tried without
 * it: greedy texts never change, whoever drafts them.
 *
 * @module
 */

import type { Model } from "../../lib/bita/model.ts";
import { prefill } from "../../lib/bita/prefill.ts";
import { bestIds } from "../../lib/bita/top_k.ts";

/** A row's likeliest tokens, best first, and their logits. */
export interface Said {
  ids: number[];
  logits: number[];
}

/** What is said behind a token of a text. */
export interface Step {
  row: Said;
  /** The Hydra head's guesses behind the row's choice, each step behind the best. */
  chain: Said[];
}

/** A prompt, and what is said behind its last token and those generated. */
export interface Recording {
  category: string;
  prompt: number[];
  steps: Step[];
}

/** Kept of a row; a draft looks at one more than it uses. */
const ROW_WIDTH = 5;
const CHAIN_WIDTH = 11;

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
      await sequence.forward({
        start,
        tokens: Int32Array.of(token),
        positions: Int32Array.of(start - model.prompts),
        visible: Uint8Array.of(1),
      });
      const row = likeliest(await sequence.logits([0]), ROW_WIDTH);
      token = row.ids[0];
      start++;
      const chain: Said[] = [];
      for (let step = 0; model.draftVocab && step < CHAIN_STEPS; step++) {
        const logits = step === 0
          ? await sequence.follow!(token, 0)
          : await sequence.follow!(chain[step - 1].ids[0]);
        const { ids, logits: kept } = likeliest(logits, CHAIN_WIDTH);
        chain.push({
          ids: ids.map((id) => model.draftVocab![id]),
          logits: kept,
        });
      }
      steps.push({ row, chain });
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
