import { assert, assertEquals } from "@std/assert";
import type { Completion } from "openai/resources";
import { startTinyServer, TINY } from "../server/_tiny_server.ts";

/** What `golden.ts` writes: a text and a continuation in tokens, and PyTorch's score. */
type Golden = [context: number[], continuation: number[], likelihood: number];

const GOLDEN: Golden[] = Deno
  .readTextFileSync(new URL("golden.jsonl", import.meta.url))
  .trim().split("\n").map((line) => JSON.parse(line));

/** Answers of an item. */
const CHOICES = 4;

/** Sends what lm-eval's `local-completions` sends for a batch; reads it as it does. */
async function likelihoods(url: string, batch: Golden[]): Promise<number[]> {
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: TINY,
      prompt: batch.map(([context, more]) => [...context, ...more]),
      temperature: 0,
      max_tokens: 1,
      logprobs: 1,
      seed: 1234,
      echo: true,
    }),
  });
  const { choices }: Completion = await response.json();
  return choices.toSorted((a, b) => a.index - b.index)
    .map(({ logprobs }, i) => {
      const [context, more] = batch[i];
      const scores = logprobs!.token_logprobs!.slice(context.length, -1);
      assertEquals(scores.length, more.length);
      return scores.reduce((sum, score) => sum + score, 0);
    });
}

/** Returns the index of the largest number. */
const best = (numbers: number[]) => numbers.indexOf(Math.max(...numbers));

/** Cuts a list into the answers of each item. */
function byItem<T>(list: T[]): T[][] {
  return Array.from(
    { length: list.length / CHOICES },
    (_, at) => list.slice(at * CHOICES, (at + 1) * CHOICES),
  );
}

Deno.test("log-likelihoods are PyTorch's, by the requests of lm-eval", async () => {
  await using server = await startTinyServer({ BACKEND: "wasm" });
  const found: number[] = [];
  for (const batch of byItem(GOLDEN)) {
    found.push(...await likelihoods(server.url, batch));
  }
  const expected = GOLDEN.map(([, , likelihood]) => likelihood);
  const largest = Math.max(
    ...found.map((one, i) => Math.abs(one - expected[i])),
  );
  console.log(`largest difference: ${largest.toExponential(1)}`);
  assertEquals(found.length, 80);
  assert(largest < 1e-3);
  assertEquals(byItem(found).map(best), byItem(expected).map(best));
});
