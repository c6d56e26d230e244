/**
 * The cost of a pass outside the model: planning, layout, sampling, drafting.
 *
 * @module
 */

import type {
  Model,
  Step,
  StepOutput,
} from "../../../lib/bita/decode/model.ts";
import { decodedWithDrafts } from "../../bita/_run.ts";
import { shapePlanner } from "../../bita/_shape_planner.ts";
import { wrapped } from "../../bita/_wrapped.ts";
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
  const inside = timed(model, () => performance.now());
  const prompt = Int32Array.from(
    { length: CONTEXT },
    (_, i) => text[i % text.length],
  );
  const outside: number[] = [];
  let passes = 0;
  let before = 0;
  const outputs = decodedWithDrafts(inside.model, prompt, {
    sampling,
    maxTokens: PASSES * 4,
    endTokens: new Set(), // the text must not end early
    planner: shapePlanner(SHAPE, model.shape.masks),
  });
  let begun = 0;
  for await (const { rows } of outputs) {
    const now = performance.now();
    const ms = now - begun - (inside.ms() - before);
    if (rows > 0 && passes++ >= WARM && rows === ROWS) outside.push(ms);
    begun = performance.now();
    before = inside.ms();
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
    `Cannot measure passes of ${ROWS} rows: 3 masks are required: received ${model.shape.masks}`,
  );
}

/** A model that counts the milliseconds in its calls. */
function timed(
  model: Model,
  now: () => number,
): { model: Model; ms: () => number } {
  let ms = 0;
  const time = async <T>(work: Promise<T>): Promise<T> => {
    const begun = now();
    const result = await work;
    ms += now() - begun;
    return result;
  };
  const run = async (steps: readonly Step[]) => {
    const outputs = await time(model.run(steps));
    return outputs.map((output): StepOutput => ({
      logits: output.logits,
      read: (rows) => time(output.read(rows)),
      release: () => output.release(),
    }));
  };
  return { model: wrapped(model, { run }), ms: () => ms };
}
