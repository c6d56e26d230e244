/**
 * The great claim on the real model: drafts change nothing about a text, nor about
 * the keys and values that it leaves.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { draft, shapePlanner } from "../bita/_shape_planner.ts";
import { uniform } from "../../lib/bita/choose/random.ts";
import { GREEDY, type Sampling } from "../../lib/bita/choose/sampling.ts";
import { chain, comb, parseShape } from "../../lib/bita/tree/tree.ts";
import { type Adapter, UNTRAINED } from "../../models/adapter/adapter.ts";
import type { ModelConfig } from "../../models/architectures/config.ts";
import { gullible } from "../bita/_gullible.ts";
import { decodedPlainly, run } from "../bita/_run.ts";
import { sameBits } from "../runtime/_widths.ts";
import { formatOn, openRealModel, realArtefact } from "../real_model.ts";
import { CHATS, DOZEN, END_TOKENS } from "./_chats.ts";
import { addUp, assertIdentical, type Tally } from "./_compare.ts";
import { hold } from "./_held_model.ts";
import { chainOracle, siblingOracle } from "./_oracles.ts";
import { siblingsDiverge } from "./_siblings.ts";
import { isInvariant } from "../bita/_is_invariant.ts";

const WARM: Sampling = { ...GREEDY, temperature: 0.8, seed: 2401 };

const model = await openRealModel("cpu");
assert(await model.addFew(isInvariant));

/** Compares all of a dozen prompts, the keys and values that stay included. */
async function compareDozen(
  sampling: Sampling,
  maxTokens: number,
): Promise<Tally[]> {
  const tallies: Tally[] = [];
  const held = hold(model);
  for (const prompt of DOZEN) {
    const options = { sampling, maxTokens, endTokens: END_TOKENS };
    const tally = await assertIdentical(held.model, prompt, options);
    const [plain, drafted] = await held.release(tally.kept);
    assert(sameBits(plain, drafted), "kept keys and values differ");
    tallies.push(tally);
  }
  return tallies;
}

/** Checks that there were drafts, and that the masks guessed some tokens. */
function assertDrafts(tallies: Tally[]): void {
  const { tokens, passes, rows, accepted } = addUp(tallies);
  console.log(
    `${tokens} tokens: ${passes} passes, ${rows} rows, ${accepted} accepted`,
  );
  assert(rows > 2 * passes, "a plain pass has one row");
  assert(accepted > 0);
}

Deno.test("decode() equals decodePlain() on cpu, greedily, KV included", async () => {
  assertDrafts(await compareDozen(GREEDY, 20));
});

Deno.test("decode() equals decodePlain() on cpu at T = 0.8, KV included", async () => {
  assertDrafts(await compareDozen(WARM, 16));
});

const PLANNERS = {
  "a chain": shapePlanner(chain(4), model.shape.masks),
  "a wide tree": shapePlanner(comb(parseShape("10-8-6")), model.shape.masks),
  "one mask": shapePlanner(comb(parseShape("paper")), 1),
};

for (const [name, planner] of Object.entries(PLANNERS)) {
  Deno.test(`decode() equals decodePlain() on cpu with ${name}`, async () => {
    const options = { maxTokens: 16, endTokens: END_TOKENS, planner };
    for (const [i, sampling] of [GREEDY, WARM].entries()) {
      const tally = await assertIdentical(model, CHATS[36 + i], {
        ...options,
        sampling,
      });
      assert(tally.rows > 2 * tally.passes, "a plain pass has one row");
    }
  });
}

Deno.test("decode() equals decodePlain() on cpu where most guesses are right", async () => {
  const held = hold(model);
  for (const prompt of [CHATS[11], CHATS[38]]) {
    const text = await plainText(prompt, 64);
    const tally = await assertIdentical(held.model, prompt, {
      sampling: GREEDY,
      maxTokens: text.length,
      endTokens: END_TOKENS,
      planner: chainOracle(text),
    });
    assert(tally.accepted > tally.tokens / 2);
    assert(tally.passes < tally.tokens / 3);
    const [plain, drafted] = await held.release(tally.kept);
    assert(sameBits(plain, drafted), "kept keys and values differ");
  }
});

Deno.test("decode() equals decodePlain() on cpu with penalties, biases and top-p", async () => {
  const sampling: Sampling = {
    ...WARM,
    topP: 0.9,
    presencePenalty: 0.6,
    frequencyPenalty: -0.3,
    logitBias: new Map([[28, 2], [30, -100], [198, 1.5]]),
  };
  const options = { maxTokens: 20, endTokens: END_TOKENS, sampling };
  for (const prompt of [CHATS[17], CHATS[24]]) {
    const unset = { ...options, sampling: WARM };
    const { tokens } = await run(decodedPlainly(model, prompt, options));
    const { tokens: other } = await run(decodedPlainly(model, prompt, unset));
    assertNotEquals(tokens, other, "the settings change the text");
    await assertIdentical(model, prompt, options);
  }
});

/** Learned tokens that nobody has taught anything. */
function randomAdapter(
  { layers, kvHeads, headDim, dim }: ModelConfig,
  { masks, softPrompt }: { masks: number; softPrompt: number },
): Adapter {
  const numbers = (seed: number, length: number, size: number) =>
    Float32Array.from({ length }, (_, i) => (uniform(seed, i) - 0.5) * size);
  return {
    ...UNTRAINED,
    masks,
    maskEmbeddings: numbers(1, masks * dim, 0.4),
    softPrompt,
    promptKv: numbers(2, 2 * layers * kvHeads * softPrompt * headDim, 2),
  };
}

Deno.test("decode() equals decodePlain() on cpu with prompts and masks at random", async () => {
  const { config } = await realArtefact(formatOn("cpu"));
  const adapter = randomAdapter(config, { masks: 2, softPrompt: 4 });
  const model = await openRealModel("cpu", { adapter });
  assert(await model.addFew(isInvariant));
  const adapted = hold(model);
  for (const sampling of [GREEDY, WARM]) {
    const options = { maxTokens: 24, endTokens: END_TOKENS, sampling };
    const tally = await assertIdentical(adapted.model, CHATS[7], options);
    assert(tally.rows > 2 * tally.passes);
    const [plain, drafted] = await adapted.release(tally.kept);
    assert(sameBits(plain, drafted), "kept keys and values differ");
  }
});

Deno.test("a verifier that takes a wrong guess is found out on cpu", async () => {
  const text = await plainText(CHATS[36], 12);
  const options = { sampling: GREEDY, maxTokens: 12, endTokens: END_TOKENS };
  const wrong = await run(draft(gullible(model), CHATS[36], options));
  assertNotEquals(wrong.tokens, text);
});

Deno.test("siblings that decide break the text on cpu, siblings that hit do not", async () => {
  const prompts = [...new Set([...DOZEN, ...CHATS])];
  for (const [read, prompt] of prompts.entries()) {
    const text = await plainText(prompt, 32);
    const { accepted } = await assertIdentical(model, prompt, {
      sampling: GREEDY,
      maxTokens: text.length,
      endTokens: END_TOKENS,
      planner: siblingOracle(text),
    });
    assertEquals(accepted, text.length, "every sibling hits");
    const equal = await siblingsDiverge(model, prompt, text);
    if (equal === undefined) continue;
    console.log(`prompt ${read + 1}: siblings err after ${equal} tokens`);
    return;
  }
  throw new Error("no sibling has decided otherwise: the rule is needless");
});

/** Decodes plainly and greedily. */
async function plainText(
  prompt: Int32Array,
  maxTokens: number,
): Promise<number[]> {
  const options = { sampling: GREEDY, maxTokens, endTokens: END_TOKENS };
  return (await run(decodedPlainly(model, prompt, options))).tokens;
}
