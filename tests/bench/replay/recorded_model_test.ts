import { assert, assertEquals, assertThrows } from "@std/assert";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { decodedPlainly, decodedWithDrafts } from "../../bita/_run.ts";
import { alike, costPlanner } from "../../bita/_sources.ts";
import { ToyModel } from "../../toy/model.ts";
import { RecordedModel } from "./recorded_model.ts";
import { record } from "./recording.ts";
import { runText } from "../decode/run.ts";

const END = new Set([3]);
const OPTIONS = { sampling: GREEDY, maxTokens: 24, endTokens: END };

/** The cost of a pass and of a step of the Hydra head, in milliseconds. */
const COST = { body: (rows: number) => 100 * rows, head: () => 10 };
const STEP_MS = 1;

async function recorded(toy: ToyModel, prompts: number[][]) {
  const recordings = [];
  for (const prompt of prompts) {
    const steps = await record(toy, Int32Array.from(prompt), OPTIONS);
    recordings.push({ prompt, steps });
  }
  return new RecordedModel({
    recordings,
    vocab: toy.shape.vocab,
    draftVocab: toy.shape.draftVocab!,
    maxRows: 16,
    cost: COST,
    stepMs: STEP_MS,
  });
}

Deno.test("RecordedModel with drafts gives the text of the recorded model", async (t) => {
  const prompts = Array.from(
    { length: 20 },
    (_, i) => [i % 7, i % 5, 1, i % 3],
  );
  const toy = new ToyModel({ vocab: 30, words: 30 });
  const model = await recorded(toy, prompts);
  const now = () => 0;
  for (const source of ["mask", "hydra"] as const) {
    await t.step(source, async () => {
      let passes = 0, tokens = 0;
      for (const prompt of prompts) {
        const ids = Int32Array.from(prompt);
        const plain = await runText(decodedPlainly(toy, ids, OPTIONS), now);
        const played = await runText(decodedPlainly(model, ids, OPTIONS), now);
        const table = alike(60, { masks: 3 });
        const planner = costPlanner(toy, {
          prompt: ids,
          drafters: [source],
          acceptance: table,
          hydra: table,
        });
        const drafted = await runText(
          decodedWithDrafts(model, ids, { ...OPTIONS, planner }),
          now,
        );
        assertEquals(played.tokens, plain.tokens);
        assertEquals(drafted.tokens, plain.tokens);
        passes += drafted.passes;
        tokens += drafted.tokens.length;
      }
      assert(tokens > 1.1 * passes, `${tokens} tokens in ${passes} passes`);
    });
  }
});

Deno.test("the clock of RecordedModel counts passes, logits and steps", async () => {
  const toy = new ToyModel({ words: 12 });
  const model = await recorded(toy, [[1, 2]]);
  const sequence = model.open(Int32Array.of(1, 2));
  const tokens = Int32Array.of(2, 5);
  const parents = Int32Array.of(-1, 0);
  const [output] = await model.run([
    { sequence, start: 1, tokens, parents, read: [] },
  ]);
  assertEquals(model.ms, 200);
  await output.read([0]);
  assertEquals(model.ms, 210);
  await output.draft!(5, 0);
  assertEquals(model.ms, 211);
});

Deno.test("RecordedModel refuses a prompt that was not recorded", async () => {
  const model = await recorded(new ToyModel({ words: 12 }), [[1, 2]]);
  assertThrows(
    () => model.open(Int32Array.of(2, 1)),
    RangeError,
    "a recorded prompt is required: received one of 2 tokens",
  );
});
