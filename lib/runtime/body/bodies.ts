/**
 * Which body computes which steps of a pass, and with which inputs.
 *
 * Steps without masks share a body that has attention for each of them; one that is
 * larger than needed attends for idle sequences too, which costs less than a second
 * body. Steps whose masks meet updated linears have a body, and a run, of their own. A
 * step of few rows has one whose attention is faster for few.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { Step } from "../../bita/decode/model.ts";
import type { Fetches, KvBuffer, NamedTensors, Session } from "../backend.ts";
import type { OrtSequence, OrtStep } from "../ort_sequence.ts";
import { attentionFeeds } from "./attention_feeds.ts";

/** The bodies of a model. */
export interface BodySessions {
  body: Session;
  /** The body for steps with mask rows, if the adapter has updates for them. */
  maskBody?: Session;
}

/** What bodies are run with. */
export interface BodiesOptions extends BodySessions {
  dim: number;
  /** Tokens of the soft prompt, which masks alone see. */
  softPrompt: number;
  /** The fewest rows of a run and of a sequence's attention. */
  minRows: number;
  /** Query heads that share keys, and are rows in the folded body. */
  copies: number;
  /** Opens a sequence of its own, for the idle ones. */
  openIdle(): OrtSequence;
}

/** What a pass may have. */
export interface PassLimits {
  maxRows: number;
  maxSequences: number;
  /** Whether it is a single run. */
  single: boolean;
}

/** Steps that one run computes. */
export interface Group {
  steps: readonly OrtStep[];
  session: Session;
  /** Sequences that the body is for. */
  lanes: number;
  /** Rows of the run, padding included. */
  rows: number;
  /** Whether the body has a gate for masks. */
  gated: boolean;
  /** Rows of attention that a row becomes; more than 1 in a folded body. */
  copies: number;
}

/** The most rows of a pass for which a folded body is faster. */
const FEW = 4;

/** Runs the bodies of a model. */
export class Bodies {
  /** The body for steps with mask rows, if the adapter has updates for them. */
  maskBody: Session | undefined;
  /** The folded body, for steps of few rows, if it is used. */
  few: Session | undefined;
  readonly #options: BodiesOptions;
  /** Bodies for several sequences, by how many, rising. */
  readonly #batched = new Map<number, Session>();
  #idle: OrtSequence | undefined;

  constructor(options: BodiesOptions) {
    this.#options = options;
    this.maskBody = options.maskBody;
  }

  /** Adds a body for more sequences than those before. */
  add(sequences: number, session: Session): void {
    this.#batched.set(sequences, session);
  }

  /** Uses the body for so many sequences no longer. */
  remove(sequences: number): void {
    this.#batched.delete(sequences);
  }

  /**
   * Groups steps by the runs that compute them; each step is in one of them.
   *
   * @param few the folded body to use, if any.
   */
  group(steps: readonly OrtStep[], few: Session | undefined): Group[] {
    const { maskBody } = this;
    const masked = (step: OrtStep) =>
      maskBody !== undefined && step.tokens.some((token) => token < 0);
    const plain = steps.filter((step) => !masked(step));
    const groups = steps.filter(masked).map((step) =>
      this.#alone(step, { session: maskBody!, gated: true, copies: 1 })
    );
    if (plain.length === 0) return groups;
    if (plain.length > 1) return [this.#together(plain), ...groups];
    const isFew = few !== undefined && plain[0].tokens.length <= FEW;
    const session = isFew ? few : this.#options.body;
    const copies = isFew ? this.#options.copies : 1;
    return [
      this.#alone(plain[0], { session, gated: false, copies }),
      ...groups,
    ];
  }

  /**
   * Splits steps into passes; with `single`, each pass is a single run.
   *
   * @throws {RangeError} if they have more rows than a pass may have.
   */
  passes(
    all: readonly Step[],
    { maxRows, maxSequences, single }: PassLimits,
  ): (readonly OrtStep[])[] {
    const rows = all.reduce((sum, { tokens }) => sum + tokens.length, 0);
    if (rows > maxRows) {
      throw new RangeError(
        `Cannot compute a pass: at most ${maxRows} rows are required: received ${rows}`,
      );
    }
    const steps = all as readonly OrtStep[]; // sequences are this model's
    if (steps.length > maxSequences) return steps.map((step) => [step]);
    if (!single) return [steps];
    return this.group(steps, undefined).map(({ steps }) => steps);
  }

  #alone(
    step: OrtStep,
    body: Pick<Group, "session" | "gated" | "copies">,
  ): Group {
    const rows = Math.max(step.tokens.length, this.#options.minRows);
    return { steps: [step], lanes: 1, rows, ...body };
  }

  #together(steps: readonly OrtStep[]): Group {
    for (const [lanes, session] of this.#batched) {
      if (lanes < steps.length) continue;
      const all = steps.reduce((sum, { tokens }) => sum + tokens.length, 0);
      const rows = Math.max(all, this.#options.minRows);
      return { steps, session, lanes, rows, gated: false, copies: 1 };
    }
    throw new RangeError(
      `Cannot compute steps together: fewer are required: received ${steps.length}`,
    );
  }

  /** Computes a group's rows, and their keys and values, in place. */
  run(group: Group, fetches: Fetches): Promise<NamedTensors> {
    const { steps, session, lanes, rows, gated, copies } = group;
    const { dim, softPrompt } = this.#options;
    const embeddings = new Float32Array(rows * dim);
    const feeds: NamedTensors = {
      embeddings: new Tensor("float32", embeddings, [1, rows, dim]),
    };
    const kv: KvBuffer[] = [];
    const order: number[] = [];
    let first = 0, attended = 0;
    for (const [lane, step] of steps.entries()) {
      const { tokens, sequence } = step;
      const suffix = lanes > 1 ? `.${lane}` : "";
      const width = Math.max(tokens.length, this.#options.minRows);
      sequence.embed(tokens, embeddings.subarray(first * dim));
      const how = { width, softPrompt, suffix, copies };
      Object.assign(feeds, attentionFeeds(step, how));
      kv.push(sequence.kv);
      if (lanes > 1) {
        feeds[`rows${suffix}`] = rowList(
          Array.from(
            { length: width },
            (_, row) => first + Math.min(row, tokens.length - 1),
          ),
        );
      }
      for (let row = 0; row < tokens.length; row++) order.push(attended + row);
      first += tokens.length;
      attended += width;
    }
    for (let lane = steps.length; lane < lanes; lane++) {
      kv.push(this.#idleLane(feeds, `.${lane}`));
    }
    while (order.length < rows) order.push(0); // padding, which is not read
    if (lanes > 1) feeds.order = rowList(order);
    if (gated) feeds.gate = maskGate(steps[0].tokens, rows);
    return session.run(feeds, fetches, kv);
  }

  /** Adds the inputs of an attention whose output is not used. */
  #idleLane(feeds: NamedTensors, suffix: string): KvBuffer {
    const { minRows: width, softPrompt } = this.#options;
    this.#idle ??= this.#options.openIdle();
    const step = {
      sequence: this.#idle,
      start: softPrompt,
      tokens: new Int32Array(1),
      parents: Int32Array.of(-1),
      read: [],
    };
    const how = { width, softPrompt, suffix, copies: 1 };
    Object.assign(feeds, attentionFeeds(step, how));
    feeds[`rows${suffix}`] = rowList(new Array(width).fill(0));
    return this.#idle.kv;
  }
}

/** Returns 1 for mask rows and 0 for all others, `[1, rows, 1]`. */
function maskGate(tokens: Int32Array, rows: number): Tensor {
  const gate = new Float32Array(rows);
  for (const [row, token] of tokens.entries()) gate[row] = token < 0 ? 1 : 0;
  return new Tensor("float32", gate, [1, rows, 1]);
}

function rowList(rows: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(rows, BigInt), [rows.length]);
}
