/**
 * Scores what may follow prompts that begin alike.
 *
 * ```text
 * what all prompts begin with │ the rest of a prompt │ an answer
 *               computed once   once for each prompt   from its second token on
 * ```
 *
 * Each row is computed after the text that it continues, in its natural slot; then
 * `length` goes back to where the next answer or prompt begins. So the scores are those
 * of each prompt and answer alone, to the bit.
 *
 * @module
 */

import { logSumExp } from "../choose/logprobs.ts";
import type { Sequence, StepRunner } from "./model.ts";
import { type DecodeOutput, emptyOutput } from "./output.ts";
import { prefill, readRows } from "./prefill.ts";

/** A prompt, and the answers to it that are compared. */
export interface ScoredPrompt {
  prompt: Int32Array;
  /** The tokens of each answer, at least one. */
  answers: readonly Int32Array[];
}

/** What to score. */
export interface ScoreOptions {
  /** The tokens that all prompts begin with. */
  prompt: Int32Array;
  prompts: readonly ScoredPrompt[];
  signal?: AbortSignal | undefined;
}

/**
 * Scores the answers to each prompt, in a sequence that holds nothing or a part of what
 * the prompts begin with. The first output ends its prefill, and each further one has
 * the scores of the next prompt's answers.
 *
 * @throws the signal's reason once it aborts.
 */
export async function* score(
  runner: StepRunner,
  sequence: Sequence,
  { prompt, prompts, signal }: ScoreOptions,
): AsyncGenerator<DecodeOutput, void> {
  await prefill(runner, sequence, { prompt, signal });
  const { length } = sequence;
  yield emptyOutput();
  for (const scored of prompts) {
    const answers = await scoreAnswers(runner, sequence, scored, signal);
    sequence.length = length;
    yield { ...emptyOutput(), answers };
  }
}

/** Returns the log probability of each answer after a prompt. */
async function scoreAnswers(
  runner: StepRunner,
  sequence: Sequence,
  { prompt, answers }: ScoredPrompt,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  await prefill(runner, sequence, { prompt, signal });
  const sums: number[] = [];
  await readRows(runner, sequence, {
    tokens: prompt.subarray(-1),
    look(logits) {
      const total = logSumExp(logits);
      for (const [first] of answers) sums.push(logits[first] - total);
    },
    signal,
  });
  const { length } = sequence;
  for (const [index, answer] of answers.entries()) {
    await readRows(runner, sequence, {
      tokens: answer.subarray(0, -1),
      look(logits, row) {
        sums[index] += logits[answer[row + 1]] - logSumExp(logits);
      },
      signal,
    });
    sequence.length = length;
  }
  return sums;
}
