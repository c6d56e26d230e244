/**
 * Forms passes from the steps that running sequences have ready.
 *
 * ```text
 * waiting   A B C(prompt of 7,000 tokens) D      first come, first served
 * pass      A's rows │ B's rows │ D's rows │ as much of C as there is time for
 * waiting   C(the rest)                          and A, B, D once they have decoded
 * ```
 *
 * A step waits at the end of the line, so sequences go round and none starves. A
 * prompt is cut into parts: alone it fills passes; beside others' decoding it gets what
 * `prefill_budget.ts` leaves it. After a pass, the sequences that it served choose their
 * tokens and plan; the next pass is formed once they have.
 *
 * Which steps share a pass changes no bit of what they get, only when they get it.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Cost } from "../bita/cost/cost_curve.ts";
import { ALONE, type Beside } from "../bita/cost/pass_price.ts";
import type {
  Model,
  ModelShape,
  Sequence,
  Step,
  StepOutput,
  StepRunner,
} from "../bita/decode/model.ts";
import { chain } from "../bita/tree/tree.ts";
import { type Load, PrefillBudget, type PromptRows } from "./prefill_budget.ts";
import { isPrompt, PassShares } from "./pass_shares.ts";

/** What a scheduler works with. */
export interface SchedulerOptions {
  /** What rows take; unless given, all passes are taken to cost the same. */
  cost?: Cost;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
  /**
   * Rows of a prompt's part on a host where a row's bits depend on its pass. There
   * passes are not shared, so that a text depends on its request alone.
   */
  partRows?: number | undefined;
}

/** A step that waits, or the rest of one. */
interface Waiting {
  step: Step;
  signal: AbortSignal | undefined;
  resolve: (output: StepOutput) => void;
  reject: (reason: unknown) => void;
}

/** A waiting step and what of it goes into a pass. */
interface Part {
  of: Waiting;
  step: Step;
}

const FLAT: Cost = { body: () => 1, head: () => 0 };

/** Shares the passes of a model among sequences. */
export class Scheduler implements StepRunner {
  readonly #model: Model;
  readonly #budget: PrefillBudget;
  readonly #now: () => number;
  readonly #partRows: number | undefined;
  #waiting: Waiting[] = [];
  #isForming = false;
  readonly #shares = new PassShares();

  constructor(
    model: Model,
    { cost = FLAT, now = () => 0, partRows }: SchedulerOptions = {},
  ) {
    this.#model = model;
    this.#budget = new PrefillBudget(cost);
    this.#now = now;
    this.#partRows = partRows;
  }

  /** What its passes can do now. */
  get shape(): ModelShape {
    const { shape } = this.#model;
    return this.#partRows === undefined ? shape : { ...shape, maxSequences: 1 };
  }

  /** Whether a row has the same bits in every pass. */
  get invariant(): boolean {
    return this.#partRows === undefined;
  }

  run(
    step: Step,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<StepOutput> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ step, signal, resolve, reject });
      if (!this.#isForming) void this.#formPasses();
    });
  }

  /** Returns what the other sequences will have in the next pass of a sequence. */
  beside(sequence: Sequence): Beside {
    if (this.shape.maxSequences === 1) return ALONE;
    return this.#shares.beside(sequence, this.#waiting.map(({ step }) => step));
  }

  async #formPasses(): Promise<void> {
    this.#isForming = true;
    for (;;) {
      // All code that is not waiting for something outside runs before a pass is formed.
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.#dropAborted();
      if (this.#waiting.length === 0) break;
      await this.#compute(this.#form());
    }
    this.#isForming = false;
  }

  #dropAborted(): void {
    this.#waiting = this.#waiting.filter(({ signal, reject }) => {
      if (signal?.aborted) reject(signal.reason);
      return !signal?.aborted;
    });
  }

  /** Takes steps from the line, as many as a pass may hold. */
  #form(): Part[] {
    const parts: Part[] = [];
    const stay: Waiting[] = [];
    let rows = this.shape.maxRows;
    const promptRows = this.#promptRows();
    for (const entry of this.#waiting) {
      const { step } = entry;
      const wanted = step.tokens.length;
      const count = isPrompt(step)
        ? Math.min(rows, promptRows.get(entry) ?? 0)
        : wanted;
      if (
        parts.length === this.shape.maxSequences || count > rows || count === 0
      ) {
        stay.push(entry);
        continue;
      }
      rows -= count;
      parts.push({
        of: entry,
        step: count < wanted ? cut(step, 0, count) : step,
      });
    }
    this.#waiting = stay;
    return parts;
  }

  /** Returns the rows that prompts may have in the next pass. */
  #promptRows(): Map<Waiting, number> {
    const { maxRows, maxSequences } = this.shape;
    const ready = this.#waiting.slice(0, maxSequences);
    const prompts = ready.filter(({ step }) => isPrompt(step));
    const parts = prompts.map(({ step }) => promptRowsOf(step));
    const rows = this.#partRows === undefined
      ? this.#budget.share(loadOf(ready), parts, maxRows)
      : parts.map((part) => Math.min(part.rows, this.#partRows!));
    return new Map(prompts.map((entry, index) => [entry, rows[index] ?? 0]));
  }

  async #compute(parts: Part[]): Promise<void> {
    const begun = this.#now();
    let outputs: StepOutput[];
    try {
      outputs = await this.#model.run(parts.map(({ step }) => step));
    } catch (error) {
      const [first, ...others] = parts;
      // What one step has caused must not fail the others.
      if (others.length > 0) {
        for (const part of parts) await this.#compute([part]);
      } else first.of.reject(error);
      return;
    }
    this.#note(parts, this.#now() - begun);
    for (const [index, { of, step }] of parts.entries()) {
      const { length } = step.tokens;
      if (isPrompt(step)) step.sequence.length += length;
      if (step === of.step) of.resolve(outputs[index]);
      else {
        outputs[index].release();
        const rest = cut(of.step, length, of.step.tokens.length);
        this.#waiting.push({ ...of, step: rest });
      }
    }
  }

  #note(parts: readonly Part[], ms: number): void {
    this.#shares.note(parts.map(({ step }) => step));
    const prompts = parts.filter(({ step }) => isPrompt(step));
    this.#budget.spend(
      loadOf(parts),
      prompts.map(({ step }) => promptRowsOf(step)),
      ms,
    );
  }
}

/** Cuts rows out of a prompt's step. */
function cut(step: Step, from: number, to: number): Step {
  const tokens = step.tokens.subarray(from, to);
  const start = step.start + from;
  return { ...step, start, tokens, parents: chain(tokens.length - 1) };
}

function promptRowsOf({ start, tokens: { length: rows } }: Step): PromptRows {
  return { start, rows };
}

/** Sums up the steps that decode. */
function loadOf(steps: readonly { step: Step }[]): Load {
  const load = { sequences: 0, rows: 0, read: 0 };
  for (const { step } of steps) {
    if (isPrompt(step)) continue;
    load.sequences++;
    load.rows += step.tokens.length;
    load.read += step.read.length;
  }
  return load;
}
