/**
 * Turns texts into vectors. Each text is a request of its own: it waits for its place,
 * and takes memory.
 *
 * @module
 */

import { GREEDY } from "../../bita/choose/sampling.ts";
import type { EngineParts } from "../engine.ts";
import { ApiError } from "../errors.ts";
import {
  addUp,
  type Counts,
  type OnBegin,
  OutputCounter,
} from "../output_counter.ts";

/** The vectors of some texts. */
export interface Embedded {
  /** `[texts][dim]`, each of length 1. */
  vectors: Float32Array[];
  /** What all texts have taken. */
  counts: Counts;
}

/**
 * Returns a vector for each text, or list of token ids.
 *
 * @throws {ApiError} 400 if the model has no pooling, or a text does not fit.
 */
export type Embed = (
  texts: (string | number[])[],
  options: { signal: AbortSignal; onBegin?: OnBegin },
) => Promise<Embedded>;

/** Makes what embeds texts of the parts of an engine. */
export function embedder(
  { info, texts, decoder, queue, budget }: EngineParts,
): Embed {
  async function vectorOf(
    prompt: Int32Array,
    { signal, onBegin }: { signal: AbortSignal; onBegin: OnBegin },
  ): Promise<Float32Array> {
    const { pooling } = info().file;
    budget.answerTokens(prompt.length, 0); // refuses what never fits
    using _place = await queue.enter(budget.slotsOf(prompt.length), signal);
    const counter = new OutputCounter({ prompt });
    onBegin(() => counter.counts);
    const outputs = decoder.decode({
      prompt,
      pooling,
      sampling: GREEDY,
      maxTokens: 0,
      endTokens: new Set(),
      draft: "none",
      trace: false,
      cache: { caller: "", salt: "" },
    }, { signal });
    for await (const output of outputs) {
      counter.add(output, 0);
      if (output.embedding) return output.embedding;
    }
    throw new TypeError(
      "Cannot embed a text: a vector is required: received none",
    );
  }

  return async function embed(inputs, { signal, onBegin }) {
    const { id, file } = info();
    if (!file.pooling) {
      throw new ApiError(
        400,
        "Cannot embed the input: the model's file must name the pooling " +
          `"last" or "mean", as that of Qwen3-Embedding does: received ${id}`,
        { param: "model" },
      );
    }
    const prompts = await texts.run("whole", inputs, signal);
    const begun: (() => Counts)[] = [];
    const countAll = () => addUp(begun.map((read) => read()));
    const vectors: Float32Array[] = [];
    // One after the other, so that a batch holds up no other caller.
    for (const prompt of prompts) {
      vectors.push(
        await vectorOf(prompt, {
          signal,
          onBegin(read) {
            begun.push(read);
            onBegin?.(countAll);
          },
        }),
      );
    }
    return { vectors, counts: countAll() };
  };
}
