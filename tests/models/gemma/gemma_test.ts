/**
 * Gemma 3 270M beside llama.cpp. The file is large, and its licence is its own: the test
 * runs where `deno task pull gemma-3-270m` was called before.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { openBackend } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { Tokenizer } from "../../../lib/text/tokenizer.ts";
import { openArtefact } from "../../../models/artefact.ts";
import { openGguf } from "../../../models/gguf/reader.ts";
import { ggufVocabulary } from "../../../models/gguf/vocabulary.ts";
import { type RemoteModel, resolveModel } from "../../../models/registry.ts";
import { decodedPlainly, run } from "../../bita/_run.ts";
import { assertIdentical } from "../../identity/_compare.ts";
import { CONFIG } from "../../real_model.ts";
import { argmax, readInPasses } from "../../runtime/_text.ts";
import { surprise } from "../../runtime/_surprise.ts";

/** What llama.cpp computes; `golden.py` writes it. */
const GOLDEN: {
  ids: number[];
  surprises: number[];
  best: number[];
  start: number;
  continued: number[];
} = JSON.parse(
  await Deno.readTextFile(new URL("golden.json", import.meta.url)),
);

/** The largest gap of two logits at which the texts may part. */
const CLOSE = 0.5;

const { cacheDir, threads } = CONFIG;
const { file } = resolveModel("gemma-3-270m") as RemoteModel;
const path = `${cacheDir}/models/${file}`;
const isThere = await Deno.stat(path).then(() => true, () => false);
if (!isThere) {
  console.log(
    `Gemma 3 270M is not tested: ${path} does not exist. ` +
      "`deno task pull gemma-3-270m` makes it.",
  );
}

Deno.test({
  name: "Gemma 3 270M reads and writes as with llama.cpp",
  ignore: !isThere,
  async fn() {
    const gguf = await openGguf(path);
    const text = await Deno.readTextFile(
      new URL("../text.txt", import.meta.url),
    );
    const tokenizer = new Tokenizer(ggufVocabulary(gguf.metadata));
    const ids = tokenizer.encodePrompt(text);
    assertEquals([...ids], GOLDEN.ids);

    const artefact = await openArtefact(gguf, {
      cacheDir,
      format: "int8",
      progress: { start() {}, advance() {}, stop() {}, note() {} },
    });
    const backend = await openBackend("cpu", { threads });
    const model = await openModel(backend, artefact, { context: 1024 });
    let sum = 0, same = 0, margin = 0;
    await readInPasses(model, ids.subarray(0, -1), {
      width: 64,
      look(logits, position) {
        sum += surprise(logits, ids[position + 1]);
        const [best, theirs] = [argmax(logits), GOLDEN.best[position]];
        if (best === theirs) same++;
        margin = Math.max(margin, logits[best] - logits[theirs]);
      },
    });
    const count = ids.length - 1;
    const perplexity = Math.exp(sum / count);
    const expected = Math.exp(
      GOLDEN.surprises.reduce((a, b) => a + b) / count,
    );
    console.log(
      `perplexity: ${perplexity.toFixed(3)}, with llama.cpp ${
        expected.toFixed(3)
      }; the same best token after ${same} of ${count}, else at most ${
        margin.toFixed(2)
      } better`,
    );
    assert(Math.abs(perplexity / expected - 1) < 0.01);
    // Both round activations to 8 bits, each in its own way: close calls differ.
    assert(same / count > 0.9);
    assert(margin < 1);

    const prompt = ids.subarray(0, GOLDEN.start);
    const maxTokens = GOLDEN.continued.length;
    const options = {
      sampling: GREEDY,
      maxTokens,
      endTokens: new Set<number>(),
    };
    const { tokens, outputs } = await run(
      decodedPlainly(model, prompt, { ...options, logprobs: 5 }),
    );
    const parts = tokens.findIndex((id, i) => id !== GOLDEN.continued[i]);
    if (parts < 0) console.log(`the same text for ${maxTokens} tokens`);
    else {
      const { logprob, top } = outputs.flatMap((o) => o.scores ?? [])[parts];
      const other = top.find(({ id }) => id === GOLDEN.continued[parts]);
      const gap = logprob - (other?.logprob ?? -Infinity);
      console.log(
        `the same text for ${parts} tokens, then a gap of ${gap.toFixed(2)}`,
      );
      assert(gap < CLOSE);
    }
    await assertIdentical(model, prompt, options);
    await model.close();
  },
});
