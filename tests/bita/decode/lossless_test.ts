/**
 * Property tests of losslessness. Decoding with any drafts has the same text as plain
 * decoding, and the same keys and values.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Model } from "../../../lib/bita/decode/model.ts";
import { layOut } from "../../../lib/bita/tree/pass_layout.ts";
import {
  chooseToken,
  GREEDY,
  Scratch,
} from "../../../lib/bita/choose/sampling.ts";
import { ToyModel } from "../../toy/model.ts";
import { type Case, cases, plannerOf } from "../_cases.ts";
import { gullible } from "../_gullible.ts";
import { decodedPlainly, decodedWithDrafts, run } from "../_run.ts";

/** Decodes a case both ways and returns the parts that must be equal. */
async function bothWays(
  { toy, prompt, options, stop, ...rest }: Case,
  wrap: (model: Model) => Model = (model) => model,
) {
  const model = new ToyModel(toy);
  const ids = Int32Array.from(prompt);
  const plain = await run(decodedPlainly(model, ids, options), stop);
  const planner = plannerOf({ toy, prompt, options, stop, ...rest });
  const bita = await run(
    decodedWithDrafts(wrap(model), ids, { ...options, planner }),
    stop,
  );
  const passes = plain.outputs.filter(({ rows }) => rows > 0).length;
  const kept = passes === 0 ? 0 : prompt.length - 1 + passes;
  const [a, b] = model.opened.map((sequence) => sequence.keysAndValues(kept));
  assert(model.opened.every(({ closed }) => closed));
  return {
    plain: { tokens: plain.tokens, finish: plain.finish, kept: a },
    bita: { tokens: bita.tokens, finish: bita.finish, kept: b },
    accepted: bita.outputs.reduce((sum, { accepted }) => sum + accepted, 0),
  };
}

Deno.test("decode() and decodePlain() return the same tokens, finish, keys and values", async () => {
  let tokens = 0;
  let accepted = 0;
  const finishes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(cases, async (drawn) => {
      const { plain, bita, ...result } = await bothWays(drawn);
      assertEquals(bita, plain);
      tokens += plain.tokens.length;
      accepted += result.accepted;
      finishes.set(plain.finish!, (finishes.get(plain.finish!) ?? 0) + 1);
    }),
    { seed: 2401, numRuns: 20_000 },
  );
  // The test is only meaningful if many guesses are accepted and all ends occur.
  assert(accepted > tokens / 8, `${accepted} of ${tokens} accepted`);
  for (const finish of ["stop", "length", "stop string"]) {
    assert(finishes.get(finish)! > 2_000, `${finish}: ${finishes.get(finish)}`);
  }
});

Deno.test("the lossless test fails if the verifier accepts a wrong guess", async () => {
  const details = await fc.check(
    fc.asyncProperty(cases, async (drawn) => {
      const { plain, bita } = await bothWays(drawn, gullible);
      assertEquals(bita.tokens, plain.tokens);
    }),
    { seed: 2401, numRuns: 200, endOnFailure: true },
  );
  assert(details.failed);
});

/** Chooses from the row of a sibling and from the natural row of the same token. */
async function chooseTwice(model: ToyModel) {
  const prompt = Int32Array.of(1);
  const options = {
    sampling: GREEDY,
    maxTokens: 2,
    endTokens: new Set<number>(),
  };
  const { tokens } = await run(decodedPlainly(model, prompt, options));
  const [right, natural] = tokens;
  const wrong = (right + 1) % model.shape.vocab;
  const { nodeRows, tokens: rows, parents } = layOut({
    parents: Int32Array.of(-1, 0, 0),
    tokens: Int32Array.of(1, wrong, right),
    masks: new Int32Array(3),
  });
  const sequence = model.open(prompt);
  const start = model.shape.softPrompt;
  const [{ logits }] = await model.run([
    { sequence, start, tokens: rows, parents, read: [nodeRows[2]] },
  ]);
  const sibling = chooseToken(logits[0], GREEDY, {
    position: 2,
    counts: new Map(),
    scratch: new Scratch(model.shape.vocab),
  });
  return { sibling, natural };
}

Deno.test("the row of a sibling can choose another token if slots matter", async () => {
  let differ = 0;
  for (let seed = 0; seed < 50; seed++) {
    const exact = await chooseTwice(new ToyModel({ seed }));
    assertEquals(exact.sibling, exact.natural);
    const rounded = await chooseTwice(new ToyModel({ seed, perturb: true }));
    if (rounded.sibling !== rounded.natural) differ++;
  }
  assert(differ > 25, `${differ} of 50 differ`);
});
