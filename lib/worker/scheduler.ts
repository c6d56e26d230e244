/**
 * Forms passes from the steps that running sequences have ready.
 *
 * ```text
 * waiting   A B C(prompt of 7,000 tokens) D      first come, first served
 * pass      A's rows │ B's rows │ D's rows │ as much of C as keeps the pass short
 * waiting   C(the rest)                          and A, B, D once they have decoded
 * ```
 *
 * A step waits at the end of the line, so sequences go round and none starves. A
 * prompt is cut into parts: alone it fills passes, beside others it gets the rows that
 * make a pass at most {@linkcode SLOWDOWN} times as long. After a pass, the sequences
 * that it served choose their tokens and plan; the next pass is formed once they have.
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
  Sequence,
  Step,
  StepOutput,
  StepRunner,
} from "../bita/decode/model.ts";
import { chain } from "../bita/tree/tree.ts";

/** Rows of a prompt's part; wider ones are hardly faster per row. */
const PART = 64;

/** Rows that a prompt gets in any pass. */
const LEAST_PART = 4;

/** How much longer a prompt's part may make the pass of others. */
const SLOWDOWN = 2.25;

/** How fast the estimate of a part's time follows what was seen. */
const RATE = 0.5;

/** What a scheduler works with. */
export interface SchedulerOptions {
  /** What rows take; a curve without a slope unless given. */
  cost?: Cost;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
  /**
   * Whether a row's bits depend on the pass that computes it. If they do, prompts are
   * read in parts of so many rows and passes are not shared, so that a text depends on
   * its request alone.
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

/** What a sequence had in a pass. */
interface Share {
  sequence: Sequence;
  start: number;
  rows: number;
  read: number;
  /** Tokens that it gains in a pass, on average. */
  tokens: number;
}

const FLAT: Cost = { body: () => 1, head: () => 0 };

/** Lets sequences share the passes of a model. */
export class Scheduler implements StepRunner {
  readonly vocab: number;
  readonly masks: number;
  readonly prompts: number;
  readonly draftVocab?: Int32Array;
  readonly maxRows: number;
  readonly maxSequences: number;
  readonly context: number;
  readonly #model: Model;
  readonly #cost: Cost;
  readonly #now: () => number;
  readonly #partRows: number | undefined;
  #waiting: Waiting[] = [];
  #forming = false;
  /** How the time of a prompt's rows compares with the cost curve, lately. */
  #scale = 1;
  /** Of the last pass. */
  #shares: Share[] = [];
  readonly #lastShare = new WeakMap<Sequence, Share>();

  constructor(
    model: Model,
    { cost = FLAT, now = () => 0, partRows }: SchedulerOptions = {},
  ) {
    this.vocab = model.vocab;
    this.masks = model.masks;
    this.prompts = model.prompts;
    if (model.draftVocab) this.draftVocab = model.draftVocab;
    this.maxRows = model.maxRows;
    this.maxSequences = partRows === undefined ? model.maxSequences : 1;
    this.context = model.context;
    this.#model = model;
    this.#cost = cost;
    this.#now = now;
    this.#partRows = partRows;
  }

  run(
    step: Step,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<StepOutput> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ step, signal, resolve, reject });
      if (!this.#forming) void this.#formPasses();
    });
  }

  /**
   * Returns what the other sequences will have in the next pass: what they have ready,
   * or what they had in the last one. Prompts do not count, as they get what is left.
   */
  beside(sequence: Sequence): Beside {
    const beside = { ...ALONE };
    if (this.maxSequences === 1) return beside;
    const shares = new Map(
      this.#shares.map((share) => [share.sequence, share]),
    );
    for (const { step } of this.#waiting) {
      if (isPrompt(step)) shares.delete(step.sequence);
      else shares.set(step.sequence, this.#share(step));
    }
    shares.delete(sequence);
    for (const { rows, read, tokens } of shares.values()) {
      beside.sequences++;
      beside.rows += rows;
      beside.read += read;
      beside.tokens += tokens;
    }
    return beside;
  }

  async #formPasses(): Promise<void> {
    this.#forming = true;
    for (;;) {
      // All that can go on without waiting for something outside does so first.
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.#dropAborted();
      if (this.#waiting.length === 0) break;
      await this.#compute(this.#form());
    }
    this.#forming = false;
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
    let rows = this.maxRows;
    let promptRows = this.#promptRows();
    for (const entry of this.#waiting) {
      const { step } = entry;
      const wanted = step.tokens.length;
      const count = isPrompt(step)
        ? Math.min(wanted, promptRows, rows)
        : wanted;
      if (parts.length === this.maxSequences || count > rows || count === 0) {
        stay.push(entry);
        continue;
      }
      rows -= count;
      if (isPrompt(step)) promptRows -= count;
      parts.push({
        of: entry,
        step: count < wanted ? cut(step, 0, count) : step,
      });
    }
    this.#waiting = stay;
    return parts;
  }

  /** Returns the rows that prompts may have in the next pass. */
  #promptRows(): number {
    if (this.#partRows !== undefined) return this.#partRows;
    const decoding = this.#waiting.filter(({ step }) => !isPrompt(step))
      .slice(0, this.maxSequences);
    const most = Math.min(PART, this.maxRows);
    if (decoding.length === 0 || this.maxSequences === 1) return most;
    const rows = rowsOf(decoding);
    const plain = this.#plain(decoding);
    const room = (SLOWDOWN - 1) * plain / this.#scale;
    let count = Math.min(LEAST_PART, most);
    while (count < most && this.#extra(rows, count + 1) <= room) count++;
    return count;
  }

  /** Returns the milliseconds of a pass with these steps alone. */
  #plain(decoding: readonly { step: Step }[]): number {
    return this.#cost.body(rowsOf(decoding), decoding.length) +
      this.#cost.head(readOf(decoding));
  }

  /** Returns the milliseconds that `more` rows add to a pass of `rows`. */
  #extra(rows: number, more: number): number {
    return this.#cost.body(rows + more) - this.#cost.body(rows);
  }

  async #compute(parts: Part[]): Promise<void> {
    const begun = this.#now();
    let outputs: StepOutput[];
    try {
      outputs = await this.#model.run(parts.map(({ step }) => step));
    } catch (error) {
      for (const { of } of parts) of.reject(error);
      return;
    }
    this.#learn(parts, this.#now() - begun);
    for (const [index, { of, step }] of parts.entries()) {
      if (isPrompt(step)) step.sequence.length += step.tokens.length;
      if (step === of.step) of.resolve(outputs[index]);
      else {
        outputs[index].release();
        const rest = cut(of.step, step.tokens.length, of.step.tokens.length);
        this.#waiting.push({ ...of, step: rest });
      }
    }
  }

  /** Notes what each sequence had, and how long a prompt's part took beside them. */
  #learn(parts: readonly Part[], ms: number): void {
    this.#shares = parts.map(({ step }) => this.#share(step));
    for (const share of this.#shares) {
      this.#lastShare.set(share.sequence, share);
    }
    const decoding = parts.filter(({ step }) => !isPrompt(step));
    const rows = rowsOf(decoding);
    const more = rowsOf(parts) - rows;
    if (rows === 0 || more === 0) return;
    const ratio = Math.max(0, ms - this.#plain(decoding)) /
      this.#extra(rows, more);
    if (!Number.isFinite(ratio)) return;
    this.#scale = Math.max(1, this.#scale + RATE * (ratio - this.#scale));
  }

  /** Sums up a step; after a prompt, a sequence is expected to decode plainly. */
  #share(step: Step): Share {
    const { sequence, start, tokens: { length: rows }, read } = step;
    if (isPrompt(step)) {
      return { sequence, start: start + rows, rows: 1, read: 1, tokens: 1 };
    }
    const before = this.#lastShare.get(sequence);
    const gained = before && before.start < start ? start - before.start : 1;
    const known = before?.tokens ?? 1;
    const tokens = known + RATE * (gained - known);
    return { sequence, start, rows, read: read.length, tokens };
  }
}

/** Returns whether a step is a part of a prompt, which may be cut. */
function isPrompt({ read }: Step): boolean {
  return read.length === 0;
}

/** Cuts rows out of a prompt's step. */
function cut(step: Step, from: number, to: number): Step {
  const tokens = step.tokens.subarray(from, to);
  const start = step.start + from;
  return { ...step, start, tokens, parents: chain(tokens.length - 1) };
}

/** Counts the rows of steps. */
function rowsOf(steps: readonly { step: Step }[]): number {
  return steps.reduce((sum, { step }) => sum + step.tokens.length, 0);
}

/** Counts the rows that steps read. */
function readOf(steps: readonly { step: Step }[]): number {
  return steps.reduce((sum, { step }) => sum + step.read.length, 0);
}
