/**
 * A model that knows how long it has worked: what a pass takes beyond that is
 * spent on deciding what to try and what to keep.
 *
 * @module
 */

import type { Model, Sequence } from "../../../lib/bita/decode/model.ts";

/** Times every call of a model; `now` gives milliseconds. */
export class TimedModel implements Model {
  readonly vocab: number;
  readonly masks: number;
  readonly prompts: number;
  readonly maxRows: number;
  readonly context: number;
  /** Milliseconds spent in passes so far. */
  forwardMs = 0;
  /** Milliseconds spent on logits so far. */
  logitsMs = 0;
  #model: Model;
  #now: () => number;

  constructor(model: Model, now: () => number) {
    this.vocab = model.vocab;
    this.masks = model.masks;
    this.prompts = model.prompts;
    this.maxRows = model.maxRows;
    this.context = model.context;
    this.#model = model;
    this.#now = now;
  }

  open(prompt: Int32Array): Sequence {
    const sequence = this.#model.open(prompt);
    return {
      forward: async (pass) => {
        const begun = this.#now();
        await sequence.forward(pass);
        this.forwardMs += this.#now() - begun;
      },
      logits: async (rows) => {
        const begun = this.#now();
        const logits = await sequence.logits(rows);
        this.logitsMs += this.#now() - begun;
        return logits;
      },
      close: () => sequence.close(),
    };
  }
}
