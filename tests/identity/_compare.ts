/**
 * Decodes plainly and with drafts, and holds one text against the other.
 *
 * @module
 */

import { draft, type MaskedOptions } from "../bita/_shape_planner.ts";
import { assertEquals } from "@std/assert";
import type { Model } from "../../lib/bita/decode/model.ts";
import { decodedPlainly, run } from "../bita/_run.ts";

/** What two equal decodings have cost. */
export interface Tally {
  /** Tokens of the text. */
  tokens: number;
  /** Passes with drafts. */
  passes: number;
  /** Their rows. */
  rows: number;
  /** Guesses among them that became text. */
  accepted: number;
  /** Slots, from 0, that hold prompts and text at the end. */
  kept: number;
}

/** Checks that drafts change nothing about the continuation of `prompt`. */
export async function assertIdentical(
  model: Model,
  prompt: Int32Array,
  options: MaskedOptions,
): Promise<Tally> {
  const plain = await run(decodedPlainly(model, prompt, options));
  const drafted = await run(draft(model, prompt, options));
  assertEquals(drafted.tokens, plain.tokens);
  assertEquals(drafted.finish, plain.finish);
  const passes = drafted.outputs.filter(({ rows }) => rows > 0);
  const plainPasses = plain.outputs.filter(({ rows }) => rows > 0);
  return {
    tokens: plain.tokens.length,
    passes: passes.length,
    rows: passes.reduce((sum, { rows }) => sum + rows, 0),
    accepted: passes.reduce((sum, { accepted }) => sum + accepted, 0),
    kept: model.shape.softPrompt + prompt.length - 1 + plainPasses.length,
  };
}

/** Adds tallies up. */
export function addUp(tallies: Tally[]): Tally {
  const sum = { tokens: 0, passes: 0, rows: 0, accepted: 0, kept: 0 };
  for (const tally of tallies) {
    for (const name of Object.keys(sum) as (keyof Tally)[]) {
      sum[name] += tally[name];
    }
  }
  return sum;
}
