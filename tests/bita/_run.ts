/**
 * Runs decoders on a toy and reads their outputs up to a stop string.
 *
 * @module
 */

import type {
  Model,
  Sequence,
  StepRunner,
} from "../../lib/bita/decode/model.ts";
import type {
  DecodeOptions,
  DecodeOutput,
} from "../../lib/bita/decode/output.ts";
import { decode, type DraftingOptions } from "../../lib/bita/decode/decoder.ts";
import { decodePlain } from "../../lib/bita/decode/plain.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";

/** Decodes plainly in a new sequence and then closes it. */
export function decodedPlainly(
  model: Model,
  prompt: Int32Array,
  options: Omit<DecodeOptions, "prompt">,
): AsyncGenerator<DecodeOutput, void> {
  return inSequence(
    model,
    prompt,
    (runner, sequence) => decodePlain(runner, sequence, { ...options, prompt }),
  );
}

/** Decodes with drafts in a new sequence and then closes it. */
export function decodedWithDrafts(
  model: Model,
  prompt: Int32Array,
  options: Omit<DraftingOptions, "prompt">,
): AsyncGenerator<DecodeOutput, void> {
  return inSequence(
    model,
    prompt,
    (runner, sequence) => decode(runner, sequence, { ...options, prompt }),
  );
}

async function* inSequence(
  model: Model,
  prompt: Int32Array,
  decoding: (
    runner: StepRunner,
    sequence: Sequence,
  ) => AsyncGenerator<DecodeOutput, void>,
): AsyncGenerator<DecodeOutput, void> {
  const sequence = model.open(prompt);
  try {
    yield* decoding(new Scheduler(model), sequence);
  } finally {
    sequence.close();
  }
}

/** The result of a decoding. */
export interface Outcome {
  tokens: number[];
  finish: string | undefined;
  outputs: DecodeOutput[];
}

/** Returns a token as one of four letters, so that stop strings occur. */
export function letter(token: number): string {
  return "abcd"[token % 4];
}

/** Reads outputs up to their end or to a stop string. */
export async function run(
  decoding: AsyncGenerator<DecodeOutput>,
  stop?: string,
): Promise<Outcome> {
  const tokens: number[] = [];
  const outputs: DecodeOutput[] = [];
  let text = "";
  for await (const output of decoding) {
    outputs.push(output);
    for (const token of output.tokens) {
      tokens.push(token);
      text += letter(token);
      if (stop && text.endsWith(stop)) {
        return { tokens, finish: "stop string", outputs };
      }
    }
  }
  return { tokens, finish: outputs.at(-1)!.finish, outputs };
}
