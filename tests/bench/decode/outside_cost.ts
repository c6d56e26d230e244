/**
 * The cost of a pass outside the model: planning, layout, sampling, drafting.
 *
 * @module
 */

import { decode } from "../../../lib/bita/decode/decoder.ts";
import type { Model, Sequence } from "../../../lib/bita/decode/model.ts";
import { shapePlanner } from "../../bita/_shape_planner.ts";
import type { Sampling } from "../../../lib/bita/choose/sampling.ts";
import { chain } from "../../../lib/bita/tree/tree.ts";
import { median } from "../statistics.ts";

const CONTEXT = 1000;

/** A root and three draft tokens, each with three masks. */
const ROWS = 16;
const SHAPE = chain(3);

const PASSES = 48;

/** Passes during which code is still being compiled; not counted. */
const WARM = 16;

/** A median over passes, in milliseconds. */
export interface OutsideCost {
  ms: number;
  rows: number;
  /** Tokens before the first of the passes. */
  context: number;
  passes: number;
}

/**
 * Measures passes of 16 rows after 1,000 tokens of `text`, repeated as needed.
 *
 * @throws {RangeError} if the model has fewer than 3 masks, so that no pass has 16 rows.
 */
export async function outsideCost(
  model: Model,
  { text, sampling }: { text: ArrayLike<number>; sampling: Sampling },
): Promise<OutsideCost> {
  const timed = new TimedModel(model, () => performance.now());
  const prompt = Int32Array.from(
    { length: CONTEXT },
    (_, i) => text[i % text.length],
  );
  const outside: number[] = [];
  let passes = 0;
  let before = 0;
  const inside = () => timed.forwardMs + timed.logitsMs;
  const outputs = decode(timed, prompt, {
    sampling,
    maxTokens: PASSES * 4,
    endTokens: new Set(), // the text must not end early
    planner: shapePlanner(SHAPE, model.masks),
  });
  let begun = 0;
  for await (const { rows } of outputs) {
    const now = performance.now();
    const ms = now - begun - (inside() - before);
    if (rows > 0 && passes++ >= WARM && rows === ROWS) outside.push(ms);
    begun = performance.now();
    before = inside();
    if (passes === WARM + PASSES) break;
  }
  if (outside.length > 0) {
    return {
      ms: median(outside),
      rows: ROWS,
      context: CONTEXT,
      passes: outside.length,
    };
  }
  throw new RangeError(
    `Cannot measure passes of ${ROWS} rows: 3 masks are required: received ${model.masks}`,
  );
}

/** Times every call of a model; `now` returns milliseconds. */
class TimedModel implements Model {
  readonly vocab: number;
  readonly masks: number;
  readonly prompts: number;
  readonly maxRows: number;
  readonly context: number;
  /** Milliseconds in `forward` so far. */
  forwardMs = 0;
  /** Milliseconds in `logits` so far. */
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
