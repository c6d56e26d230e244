/**
 * A toy language model behind the port, honest to the bit: the logits of a row are
 * a pseudo-random function of the tokens and positions that it really sees, in
 * this pass and in the kept slots. A wrong layout, a stale slot or a wrong mask
 * gives another text; a broken contract throws.
 *
 * Masks foresee the greedy text, through noise, and so does its Hydra head. With
 * `perturb`, a row outside its natural slot comes out different, as on real hardware.
 *
 * @module
 */

import type {
  KvCopy,
  KvSequence,
  Model,
  ModelShape,
  Step,
  StepOutput,
} from "../../lib/bita/decode/model.ts";
import { checkKept, checkPass, demand } from "./contract.ts";
import { pathTo, ToyOutput } from "./output.ts";
import {
  contribution,
  mix,
  packRows,
  type Row,
  unit,
  unpackRows,
} from "./row.ts";

/** What a toy is like. */
export interface ToyOptions extends Partial<Omit<ModelShape, "draftVocab">> {
  seed?: number;
  /** Tokens that its Hydra head can draft, the first ids; 0 is no head. */
  words?: number;
  /** How far drafts err, from 0 (never) to 1 (they know nothing). */
  noise?: number;
  /** Whether rows outside their natural slots differ. */
  perturb?: boolean;
}

/** The toy; remembers its sequences, so that tests can look into them. */
export class ToyModel implements Model {
  readonly shape: ModelShape;
  readonly seed: number;
  readonly noise: number;
  readonly perturb: boolean;
  readonly opened: ToySequence[] = [];
  /** Every pass so far. */
  readonly passes: (readonly Step[])[] = [];

  constructor(
    { seed = 1, words = 0, noise = 0.3, perturb = false, ...shape }:
      ToyOptions = {},
  ) {
    this.shape = {
      vocab: 12,
      masks: 3,
      softPrompt: 2,
      maxRows: 64,
      maxSequences: 8,
      context: 64,
      ...shape,
      ...words > 0 && {
        draftVocab: Int32Array.from({ length: words }, (_, i) => i),
      },
    };
    this.seed = seed;
    this.noise = noise;
    this.perturb = perturb;
  }

  open(_prompt?: Int32Array): ToySequence {
    const sequence = new ToySequence(this);
    this.opened.push(sequence);
    return sequence;
  }

  run(steps: readonly Step[]): Promise<StepOutput[]> {
    checkPass(steps, this.shape);
    this.passes.push(steps);
    return Promise.resolve(
      steps.map((step) => (step.sequence as ToySequence).compute(step)),
    );
  }

  /** The logit, from -4 to 4, that a row of this state gives to a token. */
  logit(state: number, token: number): number {
    return Math.fround(unit(mix(state ^ mix(token + 77))) * 8 - 4);
  }

  /** The most likely token after a row of this state. */
  favourite(state: number): number {
    let best = 0;
    for (let token = 1; token < this.shape.vocab; token++) {
      if (this.logit(state, token) > this.logit(state, best)) best = token;
    }
    return best;
  }

  /** The state of a text row that sees `seen`. */
  state(token: number, position: number, seen: number): number {
    return mix(mix(token ^ mix(this.seed)) ^ mix(position ^ mix(seen)));
  }
}

/** The toy's KV cache. */
export class ToySequence implements KvSequence {
  length: number;
  readonly steps: Step[] = [];
  closed = false;
  readonly #model: ToyModel;
  readonly #slots: (Row | undefined)[];

  constructor(model: ToyModel) {
    this.#model = model;
    this.length = model.shape.softPrompt;
    this.#slots = new Array(
      model.shape.softPrompt + model.shape.context + model.shape.maxRows,
    );
  }

  /** Computes the rows of a step. */
  compute(step: Step): StepOutput {
    const model = this.#model;
    demand(!this.closed, "the sequence is open");
    demand(step.start === this.length, "a step starts after the final text");
    checkKept(this.#slots, step.start, model.shape);
    this.steps.push(step);
    const { start, tokens, parents } = step;
    let text = 0;
    for (let slot = model.shape.softPrompt; slot < start; slot++) {
      text = (text + contribution(this.#slots[slot]!)) | 0;
    }
    const rows: Row[] = [];
    for (const [r, token] of tokens.entries()) {
      const path = pathTo(parents, r);
      let seen = text;
      for (const other of path) seen = (seen + contribution(rows[other])) | 0;
      if (token < 0) seen = (seen + mix(model.shape.softPrompt + 9)) | 0;
      const position = start - model.shape.softPrompt + path.length;
      // A row is natural that is text in its own slot, after all rows before it.
      const natural = token >= 0 && path.length === r;
      let state = model.state(token, position, seen);
      if (model.perturb && !natural) state = mix(state ^ (start + r));
      rows.push({ token, position, natural, seen, state });
    }
    for (const [r, row] of rows.entries()) this.#slots[start + r] = row;
    return new ToyOutput(model, { step, rows });
  }

  close(): void {
    demand(!this.closed, "a sequence is closed once");
    this.closed = true;
  }

  readKv(
    slots: number,
    { from = 0 }: { from?: number } = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    demand(!this.closed, "the sequence is open");
    const rows = this.#slots.slice(from, from + slots);
    demand(!rows.includes(undefined), "slots that are read were filled");
    return Promise.resolve(packRows(rows as Row[]));
  }

  writeKv(
    slots: number,
    data: KvCopy,
    { from = 0 }: { from?: number } = {},
  ): void {
    demand(data instanceof Float32Array, "the toy has no device");
    const rows = unpackRows(data).slice(0, slots);
    for (const [slot, row] of rows.entries()) this.#slots[from + slot] = row;
  }

  /** Keys and values of the first `tokens` slots of the text. */
  keysAndValues(tokens: number): number[][] {
    const { softPrompt } = this.#model.shape;
    return this.#slots.slice(softPrompt, softPrompt + tokens)
      .map((row) => [row!.token, row!.position, row!.state]);
  }
}
