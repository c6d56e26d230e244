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

/** Rows that are read at once, which bounds the memory of their logits. */
const MOST_ROWS = 16;

/** A prompt, and how it is read. */
type PromptOptions = Pick<
  DecodeOptions,
  "prompt" | "signal" | "logprobs" | "scorePrompt"
>;

/**
 * The most rows of a prompt that are left to the first step. A cached prompt leaves no
 * more, as its blocks have at most 16 tokens.
 */
const MOST_LEFT = 15;

/**
 * Reads a prompt, if a text is to follow or its tokens are scored. If the sequence holds
 * all but a few rows of it, these are left to the first step, which saves a pass.
 */
export async function readPrompt(
  runner: StepRunner,
  sequence: Sequence,
  { writer, ...options }: PromptOptions & { writer: Writer },
): Promise<DecodeOutput> {
  const output = emptyOutput(writer.finish);
  if (options.scorePrompt) {
    return { ...output, scores: await scorePrompt(runner, sequence, options) };
  }
  const known = sequence.length - runner.shape.softPrompt;
  const rows = restOf(runner, sequence, options.prompt).length;
  const most = Math.min(MOST_LEFT, runner.shape.maxRows >> 1);
  const isLeft = runner.invariant && known > 0 && rows <= most;
  if (isLeft) options.signal?.throwIfAborted();
  else if (!writer.finish) await prefill(runner, sequence, options);
  return output;
}

/** Returns the tokens of a prompt that its sequence does not hold, without the last. */
export function restOf(
  { shape: { softPrompt } }: StepRunner,
  { length }: Sequence,
  prompt: Int32Array,
): Int32Array {
  return prompt.subarray(length - softPrompt, -1);
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
  const tokens = restOf(runner, sequence, prompt);
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
  await readRows(runner, sequence, {
    tokens: prompt.subarray(0, -1),
    look: (logits, row) =>
      scores.push(scoreToken(logits, prompt[row + 1], logprobs)),
    signal,
  });
  signal?.throwIfAborted();
  return scores;
}

/**
 * Computes tokens after the text of a sequence, which they become a part of, and calls
 * `look` with the logits after each, `[vocab]`, and its index.
 *
 * @throws the signal's reason once it aborts.
 */
export async function readRows(
  runner: StepRunner,
  sequence: Sequence,
  { tokens, look, signal }: {
    tokens: Int32Array;
    look: (logits: Float32Array, index: number) => void;
    signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const most = Math.min(MOST_ROWS, runner.shape.maxRows);
  for (let from = 0; from < tokens.length; from += most) {
    const part = tokens.subarray(from, from + most);
    const output = await runner.run({
      sequence,
      start: sequence.length,
      tokens: part,
      parents: chain(part.length - 1),
      read: [...part.keys()],
    }, { signal });
    try {
      for (const [row, logits] of output.logits.entries()) {
        look(logits, from + row);
      }
    } finally {
      output.release();
    }
    sequence.length += part.length;
  }
}
