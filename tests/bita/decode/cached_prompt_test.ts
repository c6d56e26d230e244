import { assertEquals } from "@std/assert";
import { decode } from "../../../lib/bita/decode/decoder.ts";
import { decodePlain } from "../../../lib/bita/decode/plain.ts";
import { chain } from "../../../lib/bita/tree/tree.ts";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { ToyModel } from "../../toy/model.ts";
import { run } from "../_run.ts";
import { shapePlanner } from "../_shape_planner.ts";

const PROMPT = Int32Array.from({ length: 20 }, (_, i) => i % 7);
const OPTIONS = {
  prompt: PROMPT,
  sampling: GREEDY,
  maxTokens: 8,
  endTokens: new Set<number>(),
};

/** Decodes after a prompt whose first tokens are known; returns the first steps' tokens. */
async function continued(
  known: number,
  { drafts, readAll = false, partRows, maxRows = 64 }: {
    drafts: boolean;
    readAll?: boolean;
    partRows?: number;
    maxRows?: number;
  },
) {
  const model = new ToyModel({ softPrompt: 3, maxRows, perturb: true });
  const runner = new Scheduler(model, { partRows });
  const computed = model.open(PROMPT);
  for await (const _ of decodePlain(runner, computed, OPTIONS)) break;
  const sequence = model.open(PROMPT);
  if (known > 0) {
    const kv = await computed.readKv(known, { from: 3 });
    sequence.writeKv(known, kv, { from: 3 });
  }
  sequence.length = 3 + known;
  const planner = shapePlanner(chain(2), 2);
  const { tokens, outputs } = await run(
    drafts
      ? decode(runner, sequence, {
        ...OPTIONS,
        planner: {
          ...planner,
          plan: (state) => ({ ...planner.plan(state), readAll }),
        },
      })
      : decodePlain(runner, sequence, OPTIONS),
  );
  const steps = sequence.steps.map(({ tokens }) => [...tokens]);
  return { tokens, steps, rows: outputs.map(({ rows }) => rows) };
}

for (const drafts of [false, true]) {
  const name = drafts ? "decode()" : "decodePlain()";
  const masks = drafts ? [-1, -2] : [];

  Deno.test(`${name} computes the last rows of a cached prompt in its first pass`, async () => {
    const { tokens } = await continued(0, { drafts });
    for (const readAll of [false, true]) {
      for (const known of [4, 10, 18, 19]) {
        const found = await continued(known, { drafts, readAll });
        assertEquals(found.tokens, tokens);
        assertEquals(found.steps[0], [...PROMPT.subarray(known), ...masks]);
        assertEquals(found.rows.slice(0, 2), [0, 1 + masks.length]);
      }
    }
  });

  Deno.test(`${name} computes a pass for more rows than a few`, async () => {
    for (const [known, options] of [[3, {}], [10, { maxRows: 16 }]] as const) {
      const { steps } = await continued(known, { drafts, ...options });
      assertEquals(steps[0], [...PROMPT.subarray(known, -1)]);
      assertEquals(steps[1], [PROMPT[19], ...masks]);
    }
  });

  Deno.test(`${name} cuts a prompt as ever where bits depend on the pass`, async () => {
    const { steps } = await continued(16, { drafts, partRows: 4 });
    assertEquals(steps[0], [...PROMPT.subarray(16, -1)]);
    assertEquals(steps[1], [PROMPT[19], ...masks]);
  });
}
