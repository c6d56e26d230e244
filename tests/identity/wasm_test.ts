/**
 * Drafts change nothing about a text of the real model on wasm either, where the
 * paper's tree is trimmed to fit a pass.
 *
 * @module
 */

import { assert } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { openRealModel } from "../real_model.ts";
import { CHATS, END_TOKENS } from "./_chats.ts";
import { assertIdentical } from "./_compare.ts";

const model = await openRealModel("wasm", { context: 256 });

/** Prompts of four categories. */
const NUMBERS = { 0: [20, 36], 0.8: [5, 21] };

for (const [temperature, numbers] of Object.entries(NUMBERS)) {
  Deno.test(`decode() equals decodePlain() on wasm at T = ${temperature}`, async () => {
    for (const number of numbers) {
      const tally = await assertIdentical(model, CHATS[number], {
        sampling: { ...GREEDY, temperature: Number(temperature), seed: 2401 },
        maxTokens: 16,
        endTokens: END_TOKENS,
      });
      assert(tally.rows > 2 * tally.passes, "a plain pass has one row");
    }
  });
}
