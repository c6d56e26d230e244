/**
 * Plain decoding, one token a pass: what BiTA must equal.
 *
 * @module
 */

import {
  type DecodeOptions,
  type DecodeOutput,
  emptyOutput,
} from "./output.ts";
import type { Model } from "./model.ts";
import { prefill } from "./prefill.ts";
import { Writer } from "./writer.ts";

/**
 * Continues `prompt` by one token a pass.
 *
 * @throws {RangeError} if the prompt is empty or exceeds the context.
 */
export async function* decodePlain(
  model: Model,
  prompt: Int32Array,
  options: DecodeOptions,
): AsyncGenerator<DecodeOutput, void> {
  const writer = new Writer(model, prompt, options);
  if (writer.finish) return yield emptyOutput(writer.finish);

  const { signal } = options;
  const sequence = model.open(prompt);
  try {
    let start = await prefill(sequence, prompt, { model, signal });
    yield emptyOutput();

    while (!writer.finish) {
      signal?.throwIfAborted();
      await sequence.forward({
        start,
        tokens: Int32Array.of(writer.last),
        positions: Int32Array.of(start - model.prompts),
        visible: Uint8Array.of(1),
      });
      const token = writer.next(await sequence.logits([0]));
      start++;
      yield {
        tokens: token === undefined ? [] : [token],
        rows: 1,
        drafted: 0,
        accepted: 0,
        finish: writer.finish,
      };
    }
  } finally {
    sequence.close();
  }
}
