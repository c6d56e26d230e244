/**
 * Answers questions about one conversation with probabilities. All questions of a
 * request share one place in the queue and one sequence, so what their prompts begin
 * with is computed once, or read from the cache.
 *
 * @module
 */

import { GREEDY } from "../../bita/choose/sampling.ts";
import { shares } from "../../bita/choose/shares.ts";
import type { ScoredPrompt } from "../../bita/decode/score.ts";
import type { CacheHints } from "../../prefix/cache_hints.ts";
import type { EngineParts } from "../engine.ts";
import {
  addUp,
  type Counts,
  type OnBegin,
  OutputCounter,
} from "../output_counter.ts";
import type { Questions } from "./encode_questions.ts";

/** Questions, and whose they are. */
export interface DecisionRequest extends Questions {
  cache: CacheHints;
}

/** The answers to questions. */
export interface Decided {
  /** `[questions][answers]` probabilities, in all 1 for each question. */
  probabilities: number[][];
  /** What they have taken; tokens that prompts share are counted once. */
  counts: Counts;
}

/**
 * Returns how probable each answer to each question is.
 *
 * @throws {ApiError} 400 if a question has no room in the context or in memory.
 */
export type Decide = (
  request: DecisionRequest,
  options: { signal: AbortSignal; onBegin?: OnBegin },
) => Promise<Decided>;

/** Makes what answers questions of the parts of an engine. */
export function decider(
  { texts, decoder, queue, budget }: EngineParts,
): Decide {
  return async function decide(
    { messages, questions, cache },
    { signal, onBegin },
  ) {
    const asked = { messages, questions };
    const prompts = await texts.run("questions", asked, signal);
    const shared = commonStart(prompts.map(({ prompt }) => prompt));
    const tokens = Math.max(...prompts.map(lengthOf));
    budget.answerTokens(tokens, 0); // refuses what never fits
    using _place = await queue.enter(budget.slotsOf(tokens), signal);
    const [first, ...others] = prompts.map(({ prompt }) =>
      prompt.length - shared.length
    );
    /** One for each question that the model has begun with. */
    const counters: OutputCounter[] = [];
    const begin = (length: number) =>
      counters.push(new OutputCounter({ prompt: { length } }));
    const countAll = () => addUp(counters.map(({ counts }) => counts));
    begin(shared.length + first);
    onBegin?.(countAll);
    const outputs = decoder.decode({
      prompt: shared,
      prompts,
      sampling: GREEDY,
      maxTokens: 0,
      endTokens: new Set(),
      draft: "none",
      trace: false,
      cache,
    }, { signal });
    const probabilities: number[][] = [];
    for await (const output of outputs) {
      counters.at(-1)!.add(output, 0);
      if (!output.answers) continue;
      const { answers } = prompts[probabilities.length];
      probabilities.push(shares(answers, output.answers));
      const next = others.shift();
      if (next !== undefined) begin(next);
    }
    return { probabilities, counts: countAll() };
  };
}

/** Returns the tokens that all prompts begin with. */
function commonStart([first, ...others]: Int32Array[]): Int32Array {
  const length = others.reduce((most, prompt) => {
    const differs = first.subarray(0, most).findIndex((id, at) =>
      id !== prompt[at]
    );
    return differs < 0 ? most : differs;
  }, first.length);
  return first.subarray(0, length);
}

function lengthOf({ prompt, answers }: ScoredPrompt): number {
  return prompt.length + Math.max(...answers.map(({ length }) => length));
}
