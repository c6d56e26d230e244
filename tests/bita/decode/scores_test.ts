/**
 * The scores of a text are the same bits, however it comes about.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { ToyModel } from "../../toy/model.ts";
import { cases, plannerOf } from "../_cases.ts";
import {
  decodedPlainly,
  decodedWithDrafts,
  type Outcome,
  run,
} from "../_run.ts";

function scoresOf({ outputs }: Outcome) {
  return outputs.flatMap(({ scores }) => scores ?? []);
}

Deno.test("decode() and decodePlain() score tokens alike, and the end token", async () => {
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(cases, async (drawn) => {
      const model = new ToyModel(drawn.toy);
      const prompt = Int32Array.from(drawn.prompt);
      const options = { ...drawn.options, logprobs: 2 };
      const plain = await run(decodedPlainly(model, prompt, options));
      const planner = plannerOf(drawn);
      const bita = await run(
        decodedWithDrafts(model, prompt, { ...options, planner }),
      );
      assertEquals(scoresOf(bita), scoresOf(plain));
      const ids = scoresOf(plain).map(({ id }) => id);
      assertEquals(ids.slice(0, plain.tokens.length), plain.tokens);
      const more = plain.finish === "stop" ? 1 : 0;
      assertEquals(ids.length, plain.tokens.length + more);
      ended += more;
    }),
    { seed: 2401, numRuns: 300 },
  );
  assert(ended > 20, `${ended} of 300 texts ended`);
});

Deno.test("decode() scores a prompt as the text that it once was", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (drawn) => {
      const model = new ToyModel(drawn.toy);
      const prompt = Int32Array.from(drawn.prompt);
      const options = { ...drawn.options, logprobs: 2 };
      const first = await run(decodedPlainly(model, prompt, options));
      const text = Int32Array.of(...prompt, ...first.tokens);
      const again = await run(decodedWithDrafts(model, text, {
        ...options,
        planner: plannerOf(drawn),
        maxTokens: 0,
        scorePrompt: true,
      }));
      const scores = scoresOf(again);
      assertEquals(scores.map(({ id }) => id), [...text.subarray(1)]);
      assertEquals(
        scores.slice(prompt.length - 1),
        scoresOf(first).slice(0, first.tokens.length),
      );
    }),
    { seed: 2401, numRuns: 200 },
  );
});

Deno.test("decode() goes on after a prompt that it has scored", async () => {
  const model = new ToyModel();
  const prompt = Int32Array.of(3, 1, 4, 1, 5);
  const options = {
    sampling: GREEDY,
    maxTokens: 20,
    endTokens: new Set<number>(),
  };
  const plain = await run(decodedPlainly(model, prompt, options));
  const scored = await run(
    decodedPlainly(model, prompt, { ...options, scorePrompt: true }),
  );
  assertEquals(scored.tokens, plain.tokens);
});
