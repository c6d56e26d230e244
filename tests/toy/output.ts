/**
 * What the toy has computed for a step; all that it lent is spoilt once released.
 *
 * @module
 */

import type { Step, StepOutput } from "../../lib/bita/decode/model.ts";
import { demand } from "./contract.ts";
import type { ToyModel } from "./model.ts";
import { contribution, mix, type Row } from "./row.ts";

/** Logits and drafts off the rows of a step. */
export class ToyOutput implements StepOutput {
  readonly logits: Float32Array[];
  readonly #model: ToyModel;
  readonly #step: Step;
  readonly #rows: Row[];
  readonly #lent: Float32Array[] = [];
  #released = false;
  /** Where the Hydra head is. */
  #drafted: Omit<Row, "natural"> | undefined;

  constructor(model: ToyModel, { step, rows }: { step: Step; rows: Row[] }) {
    this.#model = model;
    this.#step = step;
    this.#rows = rows;
    this.logits = step.read.map((row) => this.#logitsOf(row));
    if (step.best) this.logits.forEach(keepBest);
  }

  read(rows: readonly number[]): Promise<Float32Array[]> {
    demand(!this.#released, "the output is not released");
    return Promise.resolve(rows.map((row) => this.#logitsOf(row)));
  }

  draft(token: number, row?: number): Promise<Float32Array> {
    demand(!this.#released, "the output is not released");
    const model = this.#model;
    const before = row === undefined ? this.#drafted : this.#rows[row];
    demand(before !== undefined, "the head follows a row first");
    const seen = (before!.seen + contribution(before!)) | 0;
    const position = before!.position + 1;
    const state = model.state(token, position, seen);
    this.#drafted = { token, position, seen, state };
    return Promise.resolve(Float32Array.from(model.shape.draftVocab!, (id) => {
      const [right, wrong] = [state, mix(state)].map((s) => model.logit(s, id));
      return right + (wrong - right) * model.noise;
    }));
  }

  release(): void {
    demand(!this.#released, "an output is released once");
    this.#released = true;
    for (const logits of this.#lent) logits.fill(NaN);
  }

  #logitsOf(row: number): Float32Array {
    const logit = this.#logitOf(row);
    const logits = Float32Array.from(
      { length: this.#model.shape.vocab },
      (_, token) => logit(token),
    );
    this.#lent.push(logits);
    return logits;
  }

  /** Finds how a row rates a token. */
  #logitOf(r: number): (token: number) => number {
    const model = this.#model;
    const { token, state } = this.#rows[r];
    if (token >= 0) return (v) => model.logit(state, v);

    // A mask foresees the greedy text after its node.
    const path = pathTo(this.#step.parents, r);
    const place = path.find((other) => this.#rows[other].token >= 0)!;
    let { seen, position, ...node } = this.#rows[place];
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
}

/** Hides all logits but the largest, as a model may where that is enough. */
function keepBest(logits: Float32Array): void {
  const best = Math.max(...logits);
  const id = logits.indexOf(best);
  logits.fill(-Infinity);
  logits[id] = best;
}

/** Lists the rows before a row on its path, the nearest first. */
export function pathTo(parents: Int32Array, row: number): number[] {
  const path: number[] = [];
  for (let at = parents[row]; at >= 0; at = parents[at]) path.push(at);
  return path;
}
