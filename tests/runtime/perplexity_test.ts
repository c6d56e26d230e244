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

Deno.test("8-bit weights cost less than 1 % of perplexity, with such rows 1.5 %", async () => {
  const fp32 = await perplexity("fp32");
  const int8 = await perplexity("int8");
  const w8a8 = await perplexity("w8a8");
  const change = int8 / fp32 - 1;
  const whole = w8a8 / fp32 - 1;
  console.log(
    `perplexity: ${fp32.toFixed(3)} in fp32, ${int8.toFixed(3)} in int8 ` +
      `(${(100 * change).toFixed(2)} %), ${w8a8.toFixed(3)} in w8a8 ` +
      `(${(100 * whole).toFixed(2)} %), ${LLAMA_CPP} with llama.cpp`,
  );
  assert(fp32 > 1.5 && fp32 < 30, "a model that reads knows what comes next");
  assert(Math.abs(change) < 0.01);
  assert(Math.abs(whole) < 0.015);
  assert(Math.abs(int8 / LLAMA_CPP - 1) < 0.01);
});
