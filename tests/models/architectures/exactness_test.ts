import { assert, assertEquals } from "@std/assert";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { assertIdentical } from "../../identity/_compare.ts";
import { hold } from "../../identity/_held_model.ts";
import { sameBits } from "../../runtime/_widths.ts";
import { FAMILY_FILES, IDS, UNSHARED } from "./_families.ts";
import { logitsAfter, withModel } from "./_models.ts";
import { isInvariant } from "../../bita/_is_invariant.ts";

/** One model for each thing that a graph may have. */
const MODELS = [
  "llama-unshared",
  "llama-factors",
  "qwen2",
  "qwen3",
  "granite",
  "smollm3",
  "gemma3",
  "phi3-long",
  "olmo2",
  "falcon",
];

/** Tokens of the prompt: the end of it is past Gemma's window. */
const PROMPT = 100;

const FILES: typeof FAMILY_FILES = {
  ...FAMILY_FILES,
  "llama-unshared": UNSHARED,
};

const CASES = MODELS.flatMap((name) =>
  (["int8", "w8a8"] as const).map((format) => ({ name, format }))
);

for (const { name, format } of CASES) {
  Deno.test(`${name}: passes, drafts and cached prompts change no bit, ${format}`, async () => {
    await withModel(FILES[name], format, async (model) => {
      assert(await isInvariant(model), "passes of one sequence");
      assert(await model.addFew(isInvariant), "passes of few rows");
      assert(await model.widen(4, isInvariant), "shared passes");

      const held = hold(model);
      const prompt = IDS.subarray(0, PROMPT);
      const tally = await assertIdentical(held.model, prompt, {
        sampling: GREEDY,
        maxTokens: 24,
        endTokens: new Set(),
      });
      assert(tally.rows > 2 * tally.passes, "a plain pass has one row");
      const [plain, drafted] = await held.release(tally.kept);
      assert(sameBits(plain, drafted), "kept keys and values differ");

      const computed = model.open(IDS);
      const expected = await logitsAfter(model, computed, IDS);
      const cached = model.open(IDS);
      cached.writeKv(PROMPT, await computed.readKv(PROMPT));
      cached.length = PROMPT;
      const logits = await logitsAfter(model, cached, IDS.subarray(PROMPT));
      assert(sameBits(logits, expected), "logits after a cached prompt differ");
      assertEquals(cached.length, computed.length);
    });
  });
}
