/**
 * Plain decoding, one token a pass: what BiTA must equal.
 *
 * @module
 */

import type { DecodeOptions, DecodeOutput } from "./output.ts";
import type { Sequence, StepRunner } from "./model.ts";
import { readPrompt, restOf } from "./prefill.ts";
import { chain } from "../tree/tree.ts";
import { Writer } from "./writer.ts";

/**
 * Continues `prompt` by one token a pass, in a sequence that holds nothing or a part
 * of it.
 *
 * @throws {RangeError} if the prompt is empty or exceeds the context.
 */
export async function* decodePlain(
  runner: StepRunner,
  sequence: Sequence,
  options: DecodeOptions,
): AsyncGenerator<DecodeOutput, void> {
  const { prompt, signal } = options;
  const writer = new Writer(runner.shape, prompt, options);
  yield await readPrompt(runner, sequence, { ...options, writer });

  let rest = restOf(runner, sequence, prompt);
  while (!writer.finish) {
    const row = rest.length;
    const output = await runner.run({
      sequence,
      start: sequence.length,
      tokens: Int32Array.of(...rest, writer.last),
      parents: chain(row),
      read: [row],
      best: writer.needsBest,
    }, { signal });
    let token: number | undefined;
    try {
      token = writer.next(output.logits[0]);
    } finally {
      output.release();
    }
    sequence.length += row + 1;
    rest = new Int32Array();
    yield {
      tokens: token === undefined ? [] : [token],
      rows: 1,
      drafted: 0,
      accepted: 0,
      ...writer.takeScores(),
      finish: writer.finish,
    };
  }
}
