import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import OpenAI from "openai";
import type {
  Decision,
  DecisionCreateParams,
} from "openai/resources/decisions";
import { startTinyServer, TINY } from "./_tiny_server.ts";
import type { RunningServer } from "./_server.ts";

let server: RunningServer;
let openai: OpenAI;

Deno.test.beforeAll(async () => {
  server = await startTinyServer({ PREFIX_CACHE: "memory", PARALLEL: "8" });
  const baseURL = `${server.url}/v1`;
  openai = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
});

Deno.test.afterAll(() => server[Symbol.asyncDispose]());

const ABOUT: DecisionCreateParams = {
  model: TINY,
  input: "The customer has paid the same bill twice, and is not amused. "
    .repeat(
      6,
    ),
  questions: [
    {
      type: "predicate",
      name: "twice",
      instructions: "The customer has paid twice.",
    },
    {
      type: "choice",
      name: "team",
      instructions: "Which team should answer?",
      choices: [
        { value: "billing", description: "payments and invoices" },
        { value: "billing abroad" },
        { value: "sales" },
        { value: true },
      ],
    },
    {
      type: "score",
      instructions: "How angry is the customer?",
      levels: [{ label: "calm" }, { label: "annoyed" }, { label: "furious" }],
    },
  ],
};

const decide = (fields: Partial<DecisionCreateParams> = {}) =>
  openai.decisions.create({ ...ABOUT, ...fields });

/** Starts a stream that goes on until it is left. */
async function busyStream(seed: number) {
  return await openai.chat.completions.create({
    model: TINY,
    messages: [{ role: "user", content: `Tell a story of ${seed}.` }],
    stream: true,
    seed,
    ...{ ignore_eos: true } as object,
  });
}

function probabilityOf(answer: Decision["answers"][number]): number {
  if (answer.type !== "predicate") throw answer;
  return answer.probability;
}

function sum(probabilities: { probability: number }[]): number {
  return probabilities.reduce((sum, { probability }) => sum + probability, 0);
}

Deno.test("OpenAI's client gets an answer to each question", async () => {
  const { answers, model, usage } = await decide();
  assertEquals(model, TINY);
  assertEquals(answers.map(({ type, name }) => [type, name]), [
    ["predicate", "twice"],
    ["choice", "team"],
    ["score", null],
  ]);
  const probability = probabilityOf(answers[0]);
  assert(probability > 0 && probability < 1);
  const [, choice, score] = answers;
  if (choice.type !== "choice" || score.type !== "score") throw choice;
  const values = choice.probabilities.map(({ value }) => value);
  assertEquals(values, ["billing", "billing abroad", "sales", true]);
  assertAlmostEquals(sum(choice.probabilities), 1, 1e-9);
  assertAlmostEquals(sum(score.probabilities), 1, 1e-9);
  const best = choice.probabilities
    .toSorted((a, b) => b.probability - a.probability)[0];
  assertEquals(choice.choice, best.value);
  assert(score.score > 0 && score.score < 2);
  assertEquals(usage.output_tokens, 0);
  assertEquals(usage.total_tokens, usage.input_tokens);
});

Deno.test("decisions are the same to the bit, cached or not, alone or beside streams", async () => {
  const ask = async (prompt_cache_key: string) => {
    const { answers, usage } = await decide({ prompt_cache_key });
    return { answers, cached: usage.input_tokens_details.cached_tokens };
  };
  const first = await ask("a");
  const second = await ask("a");
  assertEquals(first.cached, 0);
  assert(second.cached >= 64, `${second.cached} tokens were cached`);
  assertEquals(second.answers, first.answers);

  const streams = await Promise.all([1, 2, 3, 4].map(busyStream));
  const tokens = streams.map(() => 0);
  const reading = streams.map(async (stream, index) => {
    for await (const _ of stream) tokens[index]++;
  });
  const before = [...tokens];
  for (const key of ["a", "b"]) {
    assertEquals((await ask(key)).answers, first.answers);
  }
  for (const [index, count] of tokens.entries()) {
    assert(count > before[index], "each stream has gone on");
  }
  for (const stream of streams) stream.controller.abort();
  await Promise.allSettled(reading);
});

Deno.test("a question has the same answer alone as beside others", async () => {
  const all = await decide();
  const each: Decision["answers"] = [];
  for (const question of ABOUT.questions) {
    each.push(...(await decide({ questions: [question] })).answers);
  }
  assertEquals(each, all.answers);
});

Deno.test("a predicate is the share that echoed log probabilities give", async () => {
  const { answers: [answer], usage } = await decide({
    questions: [ABOUT.questions[0]],
  });
  const messages = [{
    role: "user",
    content: `${ABOUT.input}\n\nThe customer has paid twice.` +
      "\n\nAnswer with Yes or No.",
  }];
  const response = await fetch(`${server.url}/tokenize`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: TINY, messages }),
  });
  const { tokens } = await response.json();
  assertEquals(usage.input_tokens, tokens.length);
  const likelihood = async (text: string) => {
    const { choices: [{ logprobs }] } = await openai.completions.create({
      model: TINY,
      prompt: [...tokens, ...await tokensOf(text)],
      max_tokens: 0,
      echo: true,
      logprobs: 0,
    });
    return Math.exp(
      logprobs!.token_logprobs!.slice(tokens.length)
        .reduce((sum, logprob) => sum + logprob, 0),
    );
  };
  const [yes, no] = [await likelihood("Yes"), await likelihood("No")];
  assertAlmostEquals(probabilityOf(answer), yes / (yes + no), 1e-9);
});

async function tokensOf(content: string): Promise<number[]> {
  const response = await fetch(`${server.url}/tokenize`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: TINY, content }),
  });
  return (await response.json()).tokens;
}
