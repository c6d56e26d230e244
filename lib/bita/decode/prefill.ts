/**
 * Reads a prompt into its sequence. It skips what the sequence holds already, and the
 * last token, which is the root of the first step.
 *
 * @module
 */

import { scoreToken, type TokenScore } from "../choose/logprobs.ts";
import { chain } from "../tree/tree.ts";
import type { Sequence, StepRunner } from "./model.ts";
import {
  type DecodeOptions,
  type DecodeOutput,
  emptyOutput,
} from "./output.ts";
import type { Writer } from "./writer.ts";

/** Rows of a prompt that are read at once, which bounds the memory of their logits. */
const SCORED_ROWS = 16;

/** A prompt, and how it is read. */
type PromptOptions = Pick<
  DecodeOptions,
  "prompt" | "signal" | "logprobs" | "scorePrompt"
>;

/** Reads a prompt, if a text is to follow or its tokens are scored. */
export async function readPrompt(
  runner: StepRunner,
  sequence: Sequence,
  { writer, ...options }: PromptOptions & { writer: Writer },
): Promise<DecodeOutput> {
  const output = emptyOutput(writer.finish);
  if (options.scorePrompt) {
    return { ...output, scores: await scorePrompt(runner, sequence, options) };
  }
  if (!writer.finish) await prefill(runner, sequence, options);
  return output;
}

/**
 * Computes the keys and values of a prompt, up to its last token.
 *
 * @throws the signal's reason once it aborts, with what was read until then kept.
 */
export async function prefill(
  runner: StepRunner,
  sequence: Sequence,
  { prompt, signal }: { prompt: Int32Array; signal?: AbortSignal | undefined },
): Promise<void> {
  const known = sequence.length - runner.shape.softPrompt;
  const tokens = prompt.subarray(known, -1);
  if (tokens.length === 0) return signal?.throwIfAborted();
  const parents = chain(tokens.length - 1);
  const step = { sequence, start: sequence.length, tokens, parents, read: [] };
  (await runner.run(step, { signal })).release();
}

/** Computes a prompt in an empty sequence, and scores its tokens but the first. */
async function scorePrompt(
  runner: StepRunner,
  sequence: Sequence,
  { prompt, signal, logprobs = 0 }: PromptOptions,
): Promise<TokenScore[]> {
  const scores: TokenScore[] = [];
  const most = Math.min(SCORED_ROWS, runner.shape.maxRows);
  for (let from = 0; from < prompt.length - 1; from += most) {
    const tokens = prompt.subarray(
      from,
      Math.min(from + most, prompt.length - 1),
    );
    const output = await runner.run({
      sequence,
      start: sequence.length,
      tokens,
      parents: chain(tokens.length - 1),
      read: [...tokens.keys()],
    }, { signal });
    for (const [row, logits] of output.logits.entries()) {
      scores.push(scoreToken(logits, prompt[from + row + 1], logprobs));
    }
    output.release();
    sequence.length += tokens.length;
  }
  signal?.throwIfAborted();
  return scores;
}
