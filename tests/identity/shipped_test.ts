/**
 * The adapter that is shipped: it drafts well, and changes no text.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Cost } from "../../lib/bita/cost/cost_curve.ts";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { Drafting } from "../../lib/worker/drafting.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";
import { openBackend } from "../../lib/runtime/choose_backend.ts";
import { openModel } from "../../lib/runtime/open_model.ts";
import type { WeightFormat } from "../../models/graph/linear.ts";
import { decodedPlainly, run } from "../bita/_run.ts";
import { ADAPTER, CONFIG, realArtefact } from "../real_model.ts";
import { DOZEN, END_TOKENS } from "./_chats.ts";
import { isInvariant } from "../bita/_is_invariant.ts";

/** What rows cost: as on two CPU cores, and as on a GPU. */
const COSTS: Record<string, Cost> = {
  "dear rows": {
    body: (rows) => 9 + 2 * Math.max(0, rows - 2),
    head: (rows) => 1.7 + 0.9 * Math.max(0, rows - 2),
  },
  "free rows": { body: () => 20, head: () => 2 },
};

const REQUESTS = DOZEN.map((prompt, i) => ({
  prompt,
  options: {
    sampling: { ...GREEDY, temperature: i % 3 === 0 ? 0.8 : 0, seed: i },
    maxTokens: 24,
    endTokens: END_TOKENS,
  },
}));

/** Opens the model with its adapter; returns what it decodes plainly, too. */
async function open(format: WeightFormat) {
  const artefact = await realArtefact(format, { adapter: ADAPTER });
  const model = await openModel(await openBackend("cpu", CONFIG), artefact, {
    context: 1024,
  });
  assert(await model.addFew(isInvariant));
  const plain: number[][] = [];
  for (const { prompt, options } of REQUESTS) {
    plain.push((await run(decodedPlainly(model, prompt, options))).tokens);
  }
  return { format, adapter: artefact.adapter, model, plain };
}

const CASES = [];
for (const format of ["int8", "w8a8"] as const) {
  const opened = await open(format);
  for (const [name, cost] of Object.entries(COSTS)) {
    CASES.push({ ...opened, name, cost });
  }
}

for (const { format, adapter, model, plain, name, cost } of CASES) {
  Deno.test(`the shipped adapter drafts and changes no text with ${name}, ${format}`, async () => {
    const drafting = new Drafting({
      scheduler: new Scheduler(model, { cost }),
      cost,
      adapter,
    });
    const finds = new Map<string, number>();
    let tokens = 0, passes = 0;
    for (const [i, { prompt, options }] of REQUESTS.entries()) {
      const sequence = model.open(prompt);
      const drafted = await run(
        drafting.decode(sequence, {
          ...options,
          prompt,
          draft: "auto",
          trace: true,
        }),
      );
      sequence.close();
      assertEquals(drafted.tokens, plain[i]);
      tokens += drafted.tokens.length;
      for (const { rows, guesses } of drafted.outputs) {
        if (rows > 0) passes++;
        for (const { drafters } of guesses ?? []) {
          for (const by of drafters) finds.set(by, (finds.get(by) ?? 0) + 1);
        }
      }
    }
    const found = JSON.stringify(Object.fromEntries(finds));
    console.log(`${tokens} tokens in ${passes} passes; found by ${found}`);
    assert(tokens > 1.3 * passes);
    assert(finds.get("hydra")! > 0.2 * passes, "the Hydra head finds tokens");
    if (name === "free rows") assert(finds.get("mask")! > 0);
  });
}
