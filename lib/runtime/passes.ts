/**
 * Computes passes: each step in the body that is for it, then the logits that are read.
 *
 * Steps without masks share a body that has attention for each of them; one that is
 * larger than needed attends for idle sequences too, which costs less than a second
 * body. Steps whose masks meet updated linears have a body, and a run, of their own. A
 * single row, or few after a long text, have one whose attention is faster for them.
 *
 * @module
 */

import type { ModelShape, Step } from "../bita/decode/model.ts";
import type { Session } from "./backend.ts";
import { bodyInputs, type BodySteps } from "./body/inputs.ts";
import { Head } from "./head.ts";
import type { HydraParts } from "./hydra_state.ts";
import type { OrtModelParts } from "./model_parts.ts";
import { type OrtOutput, readOutputs } from "./ort_output.ts";
import type { OrtSequence, OrtStep } from "./ort_sequence.ts";
import { Memory, PassStates } from "./pass_states.ts";
import type { Turns } from "./turns.ts";

/** What passes are computed with. */
export interface PassesOptions extends OrtModelParts {
  turns: Turns;
  /** Opens a sequence of its own, for lanes without a step. */
  openIdle(): OrtSequence;
}

/** Steps of a pass that one body computes. */
interface Run extends BodySteps {
  session: Session;
}

/** How passes of few rows are computed. */
export interface FewRows {
  /** The folded body. */
  session: Session;
  /** Rows that a linear has at least: one, or more if one row has other bits. */
  least: number;
  /** Rows up to which it is faster. */
  most: number;
  /** Slots before several rows from which it is. */
  from: number;
}

/** Computes the passes of a model, with the bodies that are open. */
export class Passes {
  /** The body for steps with mask rows, if the adapter has updates for them. */
  maskBody: Session | undefined;
  /** What is faster for steps of few rows, if it is used. */
  few: FewRows | undefined;
  /** The Hydra head, if it is open. */
  hydra: HydraParts | undefined;
  readonly #options: PassesOptions;
  /** Bodies for several sequences, by how many, rising. */
  readonly #batched = new Map<number, Session>();
  readonly #head: Head;
  /** Memory of outputs, if they are computed in place. */
  readonly #memory: Memory | undefined;
  #idle: OrtSequence | undefined;

  constructor(options: PassesOptions) {
    const { backend, config, maskBody } = options;
    this.#options = options;
    this.maskBody = maskBody;
    this.#head = new Head({ ...options, vocab: config.vocab });
    if (backend.inPlace) this.#memory = new Memory();
  }

  /** Adds a body for more sequences than those before. */
  add(sequences: number, session: Session): void {
    this.#batched.set(sequences, session);
  }

  /** Uses the body for so many sequences no longer. */
  remove(sequences: number): void {
    this.#batched.delete(sequences);
  }

  /** Frees the memory of outputs that are no longer read. */
  freeOutputs(): void {
    this.#memory?.clear();
  }

  /**
   * Computes steps together, or in turns if they are too many.
   *
   * @param few what to use for few rows, if anything.
   * @throws {RangeError} if they have more rows than a pass may have.
   */
  async run(
    steps: readonly Step[],
    shape: ModelShape,
    few = this.few,
  ): Promise<OrtOutput[]> {
    const outputs = new Map<Step, OrtOutput>();
    for (const pass of this.#split(steps, shape)) {
      const computed = await this.#compute(pass, few);
      pass.forEach((step, i) => outputs.set(step, computed[i]));
    }
    return steps.map((step) => outputs.get(step)!);
  }

  /** Splits steps into passes; where outputs are not in place, each is a single run. */
  #split(
    all: readonly Step[],
    { maxRows, maxSequences }: ModelShape,
  ): (readonly OrtStep[])[] {
    const rows = all.reduce((sum, { tokens }) => sum + tokens.length, 0);
    if (rows > maxRows) {
      throw new RangeError(
        `Cannot compute a pass: at most ${maxRows} rows are required: received ${rows}`,
      );
    }
    const steps = all as readonly OrtStep[]; // sequences are this model's
    if (steps.length > maxSequences) return steps.map((step) => [step]);
    if (this.#memory) return [steps];
    return this.#runs(steps, undefined).map(({ steps }) => steps);
  }

  async #compute(
    steps: readonly OrtStep[],
    few: FewRows | undefined,
  ): Promise<OrtOutput[]> {
    const { backend, config: { dim }, adapter, turns } = this.#options;
    const runs = this.#runs(steps, few);
    const states = new PassStates({
      rows: runs.reduce((sum, { rows }) => sum + rows, 0),
      dim,
      inputs: dim * (adapter.hydra?.layers.length ?? 0),
      steps: steps.length,
    }, this.#memory);
    try {
      const firstRows = new Map<OrtStep, number>();
      let first = 0;
      for (const run of runs) {
        const place = states.fetches(first, run.rows);
        let row = first;
        for (const step of run.steps) {
          firstRows.set(step, row);
          row += step.tokens.length;
        }
        const work = {
          part: "body",
          rows: row - first,
          sequences: run.steps.length,
          prompts: run.steps.filter(({ read }) => read.length === 0).length,
        } as const;
        const outputs = await turns.take(work, () => {
          const { feeds, kv } = this.#inputs(run);
          return run.session.run(feeds, place, kv);
        });
        states.adopt(outputs);
        first += run.rows;
      }
      return await readOutputs(steps, {
        states,
        firstRows,
        head: this.#head,
        leastRead: few?.least ?? backend.rows.min,
        hydra: () => this.hydra,
      });
    } catch (error) {
      for (const _ of steps) states.release();
      throw error;
    }
  }

  #inputs(run: Run): ReturnType<typeof bodyInputs> {
    const { backend, config, adapter, openIdle } = this.#options;
    return bodyInputs(run, {
      dim: config.dim,
      softPrompt: adapter.softPrompt,
      minRows: backend.rows.min,
      heads: config.heads,
      kvHeads: config.kvHeads,
      idle: () => this.#idle ??= openIdle(),
    });
  }

  /** Returns the runs that compute steps; each step is in one of them. */
  #runs(steps: readonly OrtStep[], few: FewRows | undefined): Run[] {
    const { body, backend } = this.#options;
    const { min } = backend.rows;
    const { maskBody } = this;
    const masked = (step: OrtStep) =>
      maskBody !== undefined && step.tokens.some((token) => token < 0);
    const plain = steps.filter((step) => !masked(step));
    const runs = steps.filter(masked).map((step) =>
      alone(step, { session: maskBody!, gated: true, folded: false }, min)
    );
    if (plain.length === 0) return runs;
    if (plain.length > 1) return [this.#together(plain), ...runs];
    const { tokens: { length: rows }, start } = plain[0];
    const isFew = few !== undefined &&
      (rows === 1 || rows <= few.most && start >= few.from);
    const session = isFew ? few.session : body;
    const how = { session, gated: false, folded: isFew };
    return [alone(plain[0], how, isFew ? few.least : min), ...runs];
  }

  #together(steps: readonly OrtStep[]): Run {
    for (const [lanes, session] of this.#batched) {
      if (lanes < steps.length) continue;
      const all = steps.reduce((sum, { tokens }) => sum + tokens.length, 0);
      const rows = Math.max(all, this.#options.backend.rows.min);
      const { foldsBatches: folded } = this.#options;
      return { steps, session, lanes, rows, gated: false, folded };
    }
    throw new RangeError(
      `Cannot compute steps together: fewer are required: received ${steps.length}`,
    );
  }
}

/** Returns the run of a step that has a body to itself, of `least` rows or more. */
function alone(
  step: OrtStep,
  body: Pick<Run, "session" | "gated" | "folded">,
  least: number,
): Run {
  const rows = Math.max(step.tokens.length, least);
  return { steps: [step], lanes: 1, rows, ...body };
}
