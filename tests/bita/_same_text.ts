/**
 * Decodes the text of a toy with drafts and without.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Planner } from "../../lib/bita/draft/planner.ts";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { ToyModel } from "../toy/model.ts";
import { decodedPlainly, decodedWithDrafts, run } from "./_run.ts";

/** A toy and its sampling. */
export interface SameText {
  seed: number;
  vocab: number;
  temperature: number;
  /** Returns the planner under test, which may know the text. */
  planner(model: ToyModel, prompt: Int32Array, text: number[]): Planner;
}

/** Checks that drafts change no token and returns the number of right guesses. */
export async function assertSameText(
  { seed, vocab, temperature, planner }: SameText,
): Promise<number> {
  const words = vocab - seed % 3;
  const model = new ToyModel({ seed, vocab, words, perturb: true });
  const prompt = Int32Array.from([0, 1, 2, 0, 1], (id) => id % vocab);
  const options = {
    sampling: { ...GREEDY, temperature, seed },
    maxTokens: 24,
    endTokens: new Set([vocab - 1]),
  };
  const plain = await run(decodedPlainly(model, prompt, options));
  const drafted = await run(decodedWithDrafts(model, prompt, {
    ...options,
    planner: planner(model, prompt, plain.tokens),
  }));
  assertEquals(drafted.tokens, plain.tokens);
  assertEquals(drafted.finish, plain.finish);
  return drafted.outputs.reduce((sum, { accepted }) => sum + accepted, 0);
}
