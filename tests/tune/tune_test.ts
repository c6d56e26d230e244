import { draft } from "../bita/_shape_planner.ts";
import { assert, assertEquals } from "@std/assert";
import type { Model } from "../../lib/bita/decode/model.ts";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { ChatTemplate } from "../../lib/text/chat_template.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import { ggufVocabulary } from "../../models/gguf/vocabulary.ts";
import { PROMPTS } from "../real_model.ts";
import { PYTHON, python, withTinyModel } from "./_python.ts";
import { serve } from "./_serve.ts";

/** Words of a prompt: a tiny model has little room. */
const WORDS = 6;

const PIECES = PROMPTS.map(({ prompt }) => pieces(prompt));
const UNSEEN = PIECES.splice(0, 6).flat();

/** Cuts a text into prompts that are short and many. */
function pieces(text: string): string[] {
  const words = text.split(" ");
  return words.flatMap((_, at) =>
    at % 2 === 0 ? [words.slice(at, at + WORDS).join(" ")] : []
  );
}

/** Runs a command of the trainer. */
async function tune(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await python(["-m", "tune", ...args]);
  assertEquals(code, 0, stderr);
  return stdout;
}

/** Encodes prompts as the server does. */
async function encode(path: string): Promise<Int32Array[]> {
  const vocabulary = ggufVocabulary((await openGguf(path)).metadata);
  const template = new ChatTemplate(vocabulary, new Tokenizer(vocabulary));
  return UNSEEN.slice(0, 12).map((content) =>
    template.encode({ messages: [{ role: "user", content }] })
  );
}

/** Decodes greedily and returns the texts and the number of passes. */
async function answer(
  model: Model,
  prompts: Int32Array[],
): Promise<{ texts: number[][]; passes: number }> {
  const texts: number[][] = [];
  let passes = 0;
  for (const prompt of prompts) {
    const text: number[] = [];
    const outputs = draft(model, prompt, {
      sampling: GREEDY,
      maxTokens: 48,
      endTokens: new Set(),
    });
    for await (const { tokens } of outputs) {
      text.push(...tokens);
      passes++;
    }
    texts.push(text);
  }
  return { texts, passes };
}

Deno.test("a tuned adapter drafts better than an untrained one", {
  ignore: !PYTHON,
}, async () => {
  await withTinyModel(async ({ folder, model }) => {
    const [prompts, answers, run, adapter, plot] = [
      "prompts.jsonl",
      "answers.jsonl",
      "run",
      "bita.safetensors",
      "curve.svg",
    ].map((name) => `${folder}/${name}`);

    const base = ["--model", model, "--threads", "1"];
    const lines = PIECES.flat().map((prompt) => JSON.stringify({ prompt }));
    await Deno.writeTextFile(prompts, lines.join("\n") + "\n");

    const data = ["--prompts", prompts, "--new-tokens", "64"];
    await tune("data", ...base, ...data, "--out", answers);
    const plan = "--steps 150 --batch 8 --groups 16 --offset 0".split(" ");
    await tune("train", ...base, "--data", answers, "--run", run, ...plan);
    await tune("export", ...base, "--run", run, "--out", adapter);
    await tune("plot", "--run", run, "--out", plot);
    assert((await Deno.readTextFile(plot)).includes("<svg"));

    const unseen = await encode(model);
    const before = await answer(
      await serve(model, { folder, adapter: `${folder}/none` }),
      unseen,
    );
    const after = await answer(await serve(model, { folder, adapter }), unseen);
    assertEquals(after.texts, before.texts);
    assert(
      after.passes < 0.95 * before.passes,
      `${after.passes} passes, untrained ${before.passes}`,
    );
  });
});
