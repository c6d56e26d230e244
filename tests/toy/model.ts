/**
 * A toy language model behind the port, honest to the bit: the logits of a row are
 * a pseudo-random function of the tokens and positions that it really sees, in
 * this pass and in the kept slots. A wrong layout, a stale slot or a wrong mask
 * gives another text; a broken contract throws.
 *
 * Masks foresee the greedy text, through noise, and so does its Hydra head. With `perturb`, a row outside its
 * natural slot comes out different, as on real hardware.
 *
 * @module
 */

import type { Model, Pass, Sequence } from "../../lib/bita/decode/model.ts";
import { checkKept, checkPass, demand } from "./contract.ts";
import {
  contribution,
  mix,
  packRows,
  type Row,
  unit,
  unpackRows,
} from "./row.ts";

/** What a toy is like. */
export interface ToyOptions {
  seed?: number;
  vocab?: number;
  masks?: number;
  prompts?: number;
  /** Tokens that its Hydra head can draft, the first ids; 0 is no head. */
  words?: number;
  maxRows?: number;
  context?: number;
  /** How far drafts err, from 0 (never) to 1 (they know nothing). */
  noise?: number;
  /** Whether rows outside their natural slots differ. */
  perturb?: boolean;
}

/** The toy; remembers its sequences, so that tests can look into them. */
export class ToyModel implements Model {
  readonly vocab: number;
  readonly masks: number;
  readonly prompts: number;
  readonly draftVocab?: Int32Array;
  readonly maxRows: number;
  readonly context: number;
  readonly seed: number;
  readonly noise: number;
  readonly perturb: boolean;
  readonly opened: ToySequence[] = [];

  constructor(options: ToyOptions = {}) {
    this.seed = options.seed ?? 1;
    this.vocab = options.vocab ?? 12;
    this.masks = options.masks ?? 3;
    this.prompts = options.prompts ?? 2;
    if (options.words) {
      this.draftVocab = Int32Array.from({ length: options.words }, (_, i) => i);
    }
    this.maxRows = options.maxRows ?? 64;
    this.context = options.context ?? 64;
    this.noise = options.noise ?? 0.3;
    this.perturb = options.perturb ?? false;
  }

  open(prompt: Int32Array): ToySequence {
    demand(prompt.length <= this.context, "the prompt fits the context");
    const sequence = new ToySequence(this);
    this.opened.push(sequence);
    return sequence;
  }

  /** The logit, from -4 to 4, that a row of this state gives to a token. */
  logit(state: number, token: number): number {
    return Math.fround(unit(mix(state ^ mix(token + 77))) * 8 - 4);
  }

  /** The most likely token after a row of this state. */
  favourite(state: number): number {
    let best = 0;
    for (let token = 1; token < this.vocab; token++) {
      if (this.logit(state, token) > this.logit(state, best)) best = token;
    }
    return best;
  }

  /** The state of a text row that sees `seen`. */
  state(token: number, position: number, seen: number): number {
    return mix(mix(token ^ mix(this.seed)) ^ mix(position ^ mix(seen)));
  }
}

/** The toy's KV buffer. */
export class ToySequence implements Sequence {
  readonly passes: Pass[] = [];
  closed = false;
  #model: ToyModel;
  #slots: (Row | undefined)[];
  #pass: { start: number; rows: Row[]; visible: Uint8Array } | undefined;
  #lent = new Float32Array();
  /** Where the Hydra head is. */
  #followed: Omit<Row, "natural"> | undefined;

  constructor(model: ToyModel) {
    this.#model = model;
    this.#slots = new Array(model.prompts + model.context + model.maxRows);
  }

  forward(pass: Pass): Promise<void> {
    demand(!this.closed, "the sequence is open");
    checkPass(pass, this.#model);
    checkKept(this.#slots, pass.start, this.#model);
    this.#lent.fill(NaN);
    this.passes.push(pass);
    const { start, tokens, positions, visible } = pass;
    let text = 0;
    for (let slot = this.#model.prompts; slot < start; slot++) {
      text = (text + contribution(this.#slots[slot]!)) | 0;
    }
    const rows: Row[] = [];
    for (const [r, token] of tokens.entries()) {
      let seen = text;
      for (let other = 0; other < r; other++) {
        if (visible[r * tokens.length + other]) {
          seen = (seen + contribution(rows[other])) | 0;
        }
      }
      if (token < 0) seen = (seen + mix(this.#model.prompts + 9)) | 0;
      const natural = this.#isNatural(pass, r);
      let state = this.#model.state(token, positions[r], seen);
      if (this.#model.perturb && !natural) state = mix(state ^ (start + r));
      rows.push({ token, position: positions[r], natural, seen, state });
    }
    for (const [r, row] of rows.entries()) this.#slots[start + r] = row;
    this.#pass = { start, rows, visible };
    this.#followed = undefined;
    return Promise.resolve();
  }

  logits(chosen: ArrayLike<number>): Promise<Float32Array> {
    demand(!this.closed, "the sequence is open");
    demand(chosen.length > 0, "a row is chosen");
    this.#lent.fill(NaN); // the last ones are not valid any more
    const { vocab } = this.#model;
    const out = new Float32Array(chosen.length * vocab);
    for (let i = 0; i < chosen.length; i++) {
      const logit = this.#logitOf(chosen[i]);
      for (let v = 0; v < vocab; v++) out[i * vocab + v] = logit(v);
    }
    this.#lent = out;
    return Promise.resolve(out);
  }

  follow(token: number, row?: number): Promise<Float32Array> {
    demand(!this.closed, "the sequence is open");
    const model = this.#model;
    const before = row === undefined ? this.#followed : this.#pass!.rows[row];
    demand(before !== undefined, "the head follows a row first");
    const seen = (before!.seen + contribution(before!)) | 0;
    const position = before!.position + 1;
    const state = model.state(token, position, seen);
    this.#followed = { token, position, seen, state };
    return Promise.resolve(Float32Array.from(model.draftVocab!, (id) => {
      const [right, wrong] = [state, mix(state)].map((s) => model.logit(s, id));
      return right + (wrong - right) * model.noise;
    }));
  }

  close(): void {
    demand(!this.closed, "a sequence is closed once");
    this.closed = true;
    this.#lent.fill(NaN);
  }

  /** Reads keys and values of slots. */
  readKv(
    slots: number,
    { from = 0 }: { from?: number } = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    demand(!this.closed, "the sequence is open");
    const rows = this.#slots.slice(from, from + slots);
    demand(!rows.includes(undefined), "slots that are read were filled");
    return Promise.resolve(packRows(rows as Row[]));
  }

  /** Sets keys and values of slots. */
  writeKv(
    slots: number,
    data: Float32Array<ArrayBuffer>,
    { from = 0 }: { from?: number } = {},
  ): void {
    const rows = unpackRows(data).slice(0, slots);
    for (const [slot, row] of rows.entries()) this.#slots[from + slot] = row;
  }

  /** Keys and values of the first `tokens` slots of the text. */
  keysAndValues(tokens: number): number[][] {
    const { prompts } = this.#model;
    return this.#slots.slice(prompts, prompts + tokens)
      .map((row) => [row!.token, row!.position, row!.state]);
  }

  /** Finds how the r-th row of the last pass rates a token. */
  #logitOf(r: number): (token: number) => number {
    const rows = this.#pass!.rows;
    demand(r in rows, "the row is in the last pass");
    const model = this.#model;
    const { token, state } = rows[r];
    if (token >= 0) return (v) => model.logit(state, v);

    // A mask foresees the greedy text behind its node.
    let { seen, position, ...node } = rows[this.#nodeOf(r)];
    let foreseen = node.state;
    let last = node.token;
    for (let j = 0; j <= -1 - token; j++) {
      seen = (seen + contribution({ token: last, position, state: foreseen })) |
        0;
      last = model.favourite(foreseen);
      foreseen = model.state(last, ++position, seen);
    }
    return (v) =>
      model.logit(foreseen, v) * (1 - model.noise) +
      model.logit(state, v) * model.noise;
  }

  /** The tree node that a mask follows. */
  #nodeOf(r: number): number {
    const { rows, visible } = this.#pass!;
    let node = -1;
    for (let other = 0; other < r; other++) {
      if (visible[r * rows.length + other] && rows[other].token >= 0) {
        if (node < 0 || rows[other].position > rows[node].position) {
          node = other;
        }
      }
    }
    return node;
  }

  /** Whether a row is text in its own slot, and sees all text before it. */
  #isNatural({ start, tokens, positions, visible }: Pass, r: number): boolean {
    const { prompts } = this.#model;
    if (tokens[r] < 0 || start + r !== prompts + positions[r]) return false;
    const row = visible.subarray(r * tokens.length, r * tokens.length + r);
    return row.every((bit, other) => bit === 1 && tokens[other] >= 0);
  }
}
