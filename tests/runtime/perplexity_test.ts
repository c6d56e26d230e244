import { assert } from "@std/assert";
import type { WeightFormat } from "../../models/graph/linear.ts";
import { openRealModel } from "../real_model.ts";
import { surprise } from "./_surprise.ts";
import { readInPasses, textTokens } from "./_text.ts";

/**
 * The perplexity with llama.cpp: of the `surprises` that `tests/models/gemma/golden.py`
 * writes for the default model's file.
 */
const LLAMA_CPP = 29.464;

/** Reads the fixed text; tells how many tokens the model wavers between. */
async function perplexity(format: WeightFormat): Promise<number> {
  const text = await textTokens();
  const model = await openRealModel("cpu", { format });
  let sum = 0;
  await readInPasses(model, text, {
    width: 64,
    look(logits, position) {
      if (position + 1 < text.length) {
        sum += surprise(logits, text[position + 1]);
      }
    },
  });
  return Math.exp(sum / (text.length - 1));
}

Deno.test("8-bit weights cost less than 1 % of perplexity, as whole numbers, too", async () => {
  const fp32 = await perplexity("fp32");
  console.log(
    `perplexity: ${fp32.toFixed(3)} in fp32, ${LLAMA_CPP} with llama.cpp`,
  );
  assert(fp32 > 1.5 && fp32 < 30, "a model that reads knows what comes next");
  for (const format of ["int8", "w8a8"] as const) {
    const ours = await perplexity(format);
    const change = ours / fp32 - 1;
    console.log(
      `${ours.toFixed(3)} in ${format} (${(100 * change).toFixed(2)} %)`,
    );
    assert(Math.abs(change) < 0.01);
    assert(Math.abs(ours / LLAMA_CPP - 1) < 0.01);
  }
});
