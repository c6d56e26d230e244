/**
 * Makes vectors of texts: each in a sequence of its own, whose keys and values no other
 * text reads.
 *
 * @module
 */

import { embed, type EmbedOptions } from "../bita/decode/embed.ts";
import type { Model, StepRunner } from "../bita/decode/model.ts";
import { type DecodeOutput, emptyOutput } from "../bita/decode/output.ts";

/** Makes vectors with one model. */
export class Embedding {
  readonly #model: Pick<Model, "open">;
  readonly #runner: StepRunner;

  /** @param runner computes the steps, in passes that others may share. */
  constructor(model: Pick<Model, "open">, runner: StepRunner) {
    this.#model = model;
    this.#runner = runner;
  }

  /** Makes one vector of a text; the only output has it. */
  async *embed(options: EmbedOptions): AsyncGenerator<DecodeOutput, void> {
    const { prompt } = options;
    const sequence = this.#model.open(prompt, { tokens: prompt.length });
    try {
      const embedding = await embed(this.#runner, sequence, options);
      yield { ...emptyOutput("stop"), embedding };
    } finally {
      sequence.close();
    }
  }
}
