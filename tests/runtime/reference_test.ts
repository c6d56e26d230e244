import { assert, assertEquals } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { decodePlain } from "../../lib/bita/decode/plain.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";
import { decodedPlainly, run } from "../bita/_run.ts";
import { openRealModel, shareAll } from "../real_model.ts";
import { readVocabulary } from "../text/_vocabulary.ts";
import { readInPasses } from "./_text.ts";

/** What tests/models/reference.py says about one prompt. */
interface Reference {
  ids: number[];
  /** Logits of every 97th id after the prompt. */
  logits: number[];
  /** Log probabilities of the prompt's tokens but the first; of short prompts only. */
  logprobs?: number[];
  /** Greedy text, up to 64 tokens, with the end token if it came. */
  greedy: number[];
}

const EVERY = 97;
const TOKENS = 64;

/** Texts that are written; the shortest ones save time. */
const TEXTS = 20;

/** About the square root of a 32-bit float's precision, for logits up to 30. */
const LOGIT_TOLERANCE = 5e-4;

const references: Reference[] = Deno.readTextFileSync(
  new URL("../models/reference.jsonl", import.meta.url),
).trim().split("\n").map((line) => JSON.parse(line));

const { endTokens } = new Tokenizer(await readVocabulary());
const model = await openRealModel("cpu", { format: "fp32", context: 256 });

Deno.test("the fp32 graph gives PyTorch's logits after all 40 prompts", async () => {
  assertEquals(references.length, 40);
  let largest = 0;
  for (const { ids, logits } of references) {
    const prompt = Int32Array.from(ids);
    let row = new Float32Array(0);
    await readInPasses(model, prompt, {
      width: 64,
      look: (logits) => row = logits.slice(),
    });
    assertEquals(logits.length, Math.ceil(model.shape.vocab / EVERY));
    for (const [i, expected] of logits.entries()) {
      largest = Math.max(largest, Math.abs(row[i * EVERY] - expected));
    }
  }
  console.log(`largest difference of a logit: ${largest.toExponential(1)}`);
  assert(largest < LOGIT_TOLERANCE);
});

Deno.test("the fp32 graph writes PyTorch's greedy texts", async () => {
  const chosen = references
    .toSorted((a, b) => a.greedy.length - b.greedy.length)
    .slice(0, TEXTS);
  let equal = 0;
  // They share passes, which changes no bit of a text and saves most of the time.
  await shareAll(model);
  const scheduler = new Scheduler(model);
  await Promise.all(chosen.map(async ({ ids, greedy }) => {
    const prompt = Int32Array.from(ids);
    const sequence = model.open(prompt);
    const { tokens, finish } = await run(decodePlain(scheduler, sequence, {
      prompt,
      sampling: GREEDY,
      maxTokens: TOKENS,
      endTokens,
    }));
    sequence.close();
    const text = greedy.filter((id) => !endTokens.has(id));
    const same = finish === (text.length < greedy.length ? "stop" : "length") &&
      tokens.length === text.length &&
      tokens.every((token, i) => token === text[i]);
    if (same) equal++;
  }));
  console.log(`equal texts: ${equal} of ${chosen.length}`);
  assert(equal >= 18, "rounding may only turn a text where two logits tie");
});

Deno.test("the fp32 graph gives PyTorch's log probabilities of prompts", async () => {
  let largest = 0;
  let count = 0;
  for (const { ids, logprobs } of references) {
    if (!logprobs) continue;
    count++;
    const { outputs: [{ scores }] } = await run(
      decodedPlainly(model, Int32Array.from(ids), {
        sampling: GREEDY,
        maxTokens: 0,
        endTokens,
        logprobs: 0,
        scorePrompt: true,
      }),
    );
    assertEquals(scores!.map(({ id }) => id), ids.slice(1));
    for (const [i, { logprob }] of scores!.entries()) {
      largest = Math.max(largest, Math.abs(logprob - logprobs[i]));
    }
  }
  console.log(`largest difference: ${largest.toExponential(1)}`);
  assertEquals(count, 3);
  assert(largest < LOGIT_TOLERANCE);
});
