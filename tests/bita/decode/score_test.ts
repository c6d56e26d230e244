import { assert, assertEquals } from "@std/assert";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { score } from "../../../lib/bita/decode/score.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { ToyModel } from "../../toy/model.ts";
import { decodedPlainly, run } from "../_run.ts";

const SHARED = [3, 1, 4, 1, 5, 9, 2, 6];
const PROMPTS = [
  { prompt: [...SHARED, 5, 3, 5], answers: [[8], [9, 7, 9], [9, 7]] },
  { prompt: SHARED, answers: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [11]] },
  { prompt: [...SHARED, 0], answers: [[2], [2, 2]] },
];
const ids = (tokens: number[]) => Int32Array.from(tokens);
const prompts = PROMPTS.map(({ prompt, answers }) => ({
  prompt: ids(prompt),
  answers: answers.map(ids),
}));

/** Scores one answer as the end of a text of its own. */
async function alone(model: ToyModel, prompt: number[], answer: number[]) {
  const text = ids([...prompt, ...answer]);
  const { outputs: [{ scores }] } = await run(
    decodedPlainly(model, text, {
      sampling: GREEDY,
      maxTokens: 0,
      endTokens: new Set<number>(),
      logprobs: 0,
      scorePrompt: true,
    }),
  );
  return scores!.slice(prompt.length - 1)
    .reduce((sum, { logprob }) => sum + logprob, 0);
}

Deno.test("score() gives each answer the bits that it has alone, in any width", async () => {
  for (const maxRows of [2, 3, 64]) {
    const model = new ToyModel({ perturb: true, maxRows });
    const sequence = model.open();
    const outputs = await Array.fromAsync(
      score(new Scheduler(model), sequence, { prompt: ids(SHARED), prompts }),
    );
    assertEquals(outputs[0].answers, undefined);
    const scores = outputs.slice(1).map(({ answers }) => answers);
    const expected = await Promise.all(
      PROMPTS.map(({ prompt, answers }) =>
        Promise.all(answers.map((answer) => alone(model, prompt, answer)))
      ),
    );
    assertEquals(scores, expected);
    assertEquals(sequence.length, model.shape.softPrompt + SHARED.length - 1);
  }
});

Deno.test("score() computes what the prompts share once", async () => {
  const model = new ToyModel();
  const sequence = model.open();
  const outputs = score(new Scheduler(model), sequence, {
    prompt: ids(SHARED),
    prompts: [prompts[0], prompts[0]],
  });
  await Array.fromAsync(outputs);
  const rows = model.passes.flat().reduce(
    (sum, { tokens }) => sum + tokens.length,
    0,
  );
  const once = SHARED.length - 1;
  const each = PROMPTS[0].prompt.length - once + 2 + 1;
  assertEquals(rows, once + 2 * each);
});

Deno.test("score() ends before the next pass once its signal aborts", async () => {
  const model = new ToyModel();
  const leaving = new AbortController();
  const outputs = score(new Scheduler(model), model.open(), {
    prompt: ids(SHARED),
    prompts,
    signal: leaving.signal,
  });
  await outputs.next();
  leaving.abort(new TypeError("gone"));
  const before = model.passes.length;
  const failure = await outputs.next().catch((error) => error);
  assert(failure instanceof TypeError);
  assertEquals(model.passes.length, before);
});
