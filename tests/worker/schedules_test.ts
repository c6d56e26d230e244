/**
 * Sequences that come and go beside each other write what each writes alone: the same
 * tokens, and the same keys and values.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { decode } from "../../lib/bita/decode/decoder.ts";
import { decodePlain } from "../../lib/bita/decode/plain.ts";
import type { StepRunner } from "../../lib/bita/decode/model.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";
import { type Case, cases, plannerOf } from "../bita/_cases.ts";
import { ToyModel } from "../toy/model.ts";

/** A request, when it arrives and whether it is left early. */
interface Arrival extends Case {
  /** Turns of the event loop before it arrives. */
  after: number;
  /** Outputs after which the caller leaves, if any. */
  leaves: number | undefined;
  drafts: boolean;
}

const schedules = fc.record({
  toy: fc.record({
    seed: fc.nat(),
    vocab: fc.integer({ min: 5, max: 40 }),
    masks: fc.nat({ max: 4 }),
    softPrompt: fc.nat({ max: 4 }),
    maxRows: fc.integer({ min: 6, max: 40 }),
    maxSequences: fc.constantFrom(1, 2, 3, 8),
    context: fc.constant(48),
    noise: fc.constantFrom(0, 0.3),
    perturb: fc.boolean(),
  }),
  slope: fc.constantFrom(0, 0.1, 1, 5),
  arrivals: fc.array(
    fc.record({
      drawn: cases,
      after: fc.nat({ max: 12 }),
      leaves: fc.option(fc.nat({ max: 8 }), { nil: undefined, freq: 3 }),
      drafts: fc.boolean(),
    }),
    { minLength: 2, maxLength: 6 },
  ),
});

/** What a request got, and the keys and values that were final then. */
interface Answer {
  tokens: number[];
  finish: string | undefined;
  kept: number[][];
}

async function answer(
  model: ToyModel,
  runner: StepRunner,
  { prompt: ids, options, after, leaves, drafts, ...rest }: Arrival,
): Promise<Answer> {
  for (let turn = 0; turn < after; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const prompt = Int32Array.from(ids);
  const sequence = model.open(prompt);
  const planner = plannerOf({ ...rest, prompt: ids, options });
  const controller = new AbortController();
  const all = { ...options, prompt, planner, signal: controller.signal };
  const answer: Answer = { tokens: [], finish: undefined, kept: [] };
  let outputs = 0;
  try {
    const decoding = drafts ? decode : decodePlain;
    for await (const { tokens, finish } of decoding(runner, sequence, all)) {
      answer.tokens.push(...tokens);
      answer.finish = finish;
      if (outputs++ === leaves) controller.abort();
    }
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  }
  answer.kept = sequence.keysAndValues(
    sequence.length - model.shape.softPrompt,
  );
  sequence.close();
  return answer;
}

Deno.test("sequences that share passes write what each writes alone", async () => {
  let shared = 0, passes = 0, left = 0;
  await fc.assert(
    fc.asyncProperty(schedules, async ({ toy, slope, arrivals }) => {
      const model = new ToyModel(toy);
      const cost = { body: (rows: number) => 5 + slope * rows, head: () => 1 };
      const scheduler = new Scheduler(model, { cost });
      const requests = arrivals.map(({ drawn, ...arrival }) => (
        { ...drawn, ...arrival, toy: { ...drawn.toy, ...toy } }
      ));
      const together = await Promise.all(
        requests.map((request) => answer(model, scheduler, request)),
      );
      passes += model.passes.length;
      shared += model.passes.filter(({ length }) => length > 1).length;
      for (const [i, request] of requests.entries()) {
        const alone = await answer(model, new Scheduler(model), {
          ...request,
          after: 0,
          leaves: undefined,
          drafts: false,
        });
        const { tokens, finish, kept } = together[i];
        if (finish === undefined) left++;
        else assertEquals([tokens, finish], [alone.tokens, alone.finish]);
        assertEquals(tokens, alone.tokens.slice(0, tokens.length));
        // A draft may have computed the last token, too.
        const common = Math.min(kept.length, alone.kept.length);
        assert(common >= kept.length - 1);
        assertEquals(kept.slice(0, common), alone.kept.slice(0, common));
      }
    }),
    { seed: 2401, numRuns: 2_000 },
  );
  assert(shared > passes / 6, `${shared} of ${passes} passes are shared`);
  assert(left > 500, `${left} requests were left`);
});
