import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type OpenAI from "openai";
import type { Timed } from "../../lib/wire/openai/reply.ts";
import { client, MODEL } from "./_client.ts";
import { type RunningServer, startServer } from "./_server.ts";

let server: RunningServer;
let openai: OpenAI;

Deno.test.beforeAll(async () => {
  server = await startServer({ CONTEXT: "1024" });
  openai = client(server);
});

Deno.test.afterAll(() => server[Symbol.asyncDispose]());

const GREEDY = { model: MODEL, temperature: 0, max_tokens: 24 };

const PARIS = {
  ...GREEDY,
  messages: [{
    role: "user" as const,
    content: "What is the capital of France? Answer in one sentence.",
  }],
};

/** Asks for a chat completion in one piece. */
async function chat(fields: object = {}) {
  const body = { ...PARIS, ...fields, stream: false as const };
  const completion: OpenAI.ChatCompletion & Timed = await openai.chat
    .completions.create(body);
  const [{ message, finish_reason }] = completion.choices;
  return { ...completion, text: message.content, finish_reason };
}

/** Asks for a chat completion as a stream; gives its deltas. */
async function chatDeltas(fields: object = {}): Promise<string[]> {
  const body = { ...PARIS, ...fields, stream: true as const };
  const chunks = await openai.chat.completions.create(body);
  const deltas: string[] = [];
  for await (const { choices } of chunks) {
    const text = choices[0]?.delta.content;
    if (text) deltas.push(text);
  }
  return deltas;
}

/** Asks for a text completion as a stream; gives its pieces. */
async function textPieces(prompt: string, fields: object = {}) {
  const body = { ...GREEDY, prompt, ...fields, stream: true as const };
  const pieces: string[] = [];
  for await (const { choices } of await openai.completions.create(body)) {
    if (choices[0]?.text) pieces.push(choices[0].text);
  }
  return pieces;
}

/** Ways to draft, none among them. */
const WAYS = [
  { draft: "auto" },
  { draft: "bita" },
  { draft_tree: "paper" },
  { draft: "none" },
];

Deno.test("a chat says the same whole, streamed and however it is drafted", async () => {
  const { text, finish_reason } = await chat();
  assertStringIncludes(text!, "Paris");
  assertEquals(finish_reason, "stop");
  for (const how of WAYS) {
    assertEquals((await chat(how)).text, text, JSON.stringify(how));
    assertEquals((await chatDeltas(how)).join(""), text, JSON.stringify(how));
  }
});

Deno.test("deltas come while the model decodes", async () => {
  const times: number[] = [];
  let timings: Timed["timings"];
  const stream = await openai.completions.create({
    ...GREEDY,
    prompt: "1, 2, 3,",
    stream: true,
    ...{ draft: "none" },
  });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.text) times.push(performance.now());
    timings = (chunk as Timed).timings ?? timings;
  }
  const spread = times.at(-1)! - times[0];
  assertEquals(times.length, GREEDY.max_tokens);
  assert(spread > timings!.predicted_ms / 2, `${spread} ms`);
});

Deno.test("a text completion goes on with the prompt, whole and streamed", async () => {
  const prompt = "The capital of France is";
  const whole = await openai.completions.create({ ...GREEDY, prompt });
  const [{ text, finish_reason }] = whole.choices;
  assert(text.startsWith(" Paris"), text);
  assertEquals(finish_reason, "length");
  assertEquals((await textPieces(prompt)).join(""), text);
});

Deno.test("an equal seed gives an equal text, another one another", async () => {
  const say = async (seed: number, draft: string) =>
    (await chat({ temperature: 1, max_tokens: 8, seed, draft })).text;
  const first = await say(1, "none");
  assertEquals(await say(1, "none"), first);
  assertEquals(await say(1, "bita"), first);
  const others = [await say(2, "none"), await say(3, "none")];
  assert(others.some((text) => text !== first));
});

Deno.test("a stop string ends a text and is no part of it", async () => {
  const prompt = "1, 2, 3,";
  const fields = { stop: ["6, 7", "never"] };
  const whole = await openai.completions.create({
    ...GREEDY,
    ...fields,
    prompt,
  });
  assertEquals(whole.choices[0].text, " 4, 5, ");
  assertEquals(whole.choices[0].finish_reason, "stop");
  assertEquals((await textPieces(prompt, fields)).join(""), " 4, 5, ");
});

Deno.test("streams never cut a character", async () => {
  const prompts = {
    "🦊": "Repeat: 🦊 🐻 🦊 🐻 🦊 🐻 🦊 🐻 🦊 🐻 🦊 🐻 🦊",
    "中国的首都": "北京是中国的首都。北京是中国的首都。北京是中国的首都。北京",
  };
  for (const [expected, prompt] of Object.entries(prompts)) {
    const pieces = await textPieces(prompt, { stop: "\n" });
    assertStringIncludes(pieces.join(""), expected);
    // The limit of tokens may cut the last one.
    const cut = pieces.slice(0, -1).filter((text) => text.includes("\uFFFD"));
    assertEquals(cut, []);
  }
});

Deno.test("a prediction saves passes and changes no token", async () => {
  const content = "Count from 1 to 12, with commas between.";
  const fields = {
    messages: [{ role: "user", content }],
    max_tokens: 48,
    draft: "ngram",
  };
  const alone = await chat(fields);
  const foreseen = await chat({
    ...fields,
    prediction: { type: "content", content: alone.text },
  });
  assertEquals(foreseen.text, alone.text);
  const { completion_tokens, completion_tokens_details } = foreseen.usage!;
  assertEquals(completion_tokens_details, {
    accepted_prediction_tokens: completion_tokens,
    rejected_prediction_tokens: 0,
  });
  assert(foreseen.timings!.passes < alone.timings!.passes / 2);
  const wrong = await chat({
    ...fields,
    prediction: { type: "content", content: "Something else altogether." },
  });
  assertEquals(wrong.text, alone.text);
});

Deno.test("usage and timings agree", async () => {
  for (const how of WAYS) {
    const { usage, timings } = await chat(how);
    const { prompt_tokens, completion_tokens, total_tokens } = usage!;
    const { passes, rows, draft_n, draft_n_accepted, ...time } = timings!;
    assertEquals(total_tokens, prompt_tokens + completion_tokens);
    assertEquals(time.prompt_n + time.cache_n, prompt_tokens);
    assertEquals(time.predicted_n, completion_tokens);
    assertEquals(
      time.predicted_per_second,
      time.predicted_n / time.predicted_ms * 1000,
    );
    assert(draft_n_accepted <= draft_n);
    assert(rows >= passes);
    assert(completion_tokens <= passes + draft_n_accepted);
    if (how.draft_tree) assert(draft_n > 0);
    if (how.draft === "none") {
      assertEquals(rows, passes);
      assertEquals(passes, completion_tokens + 1, "the end takes a pass too");
    }
  }
});

Deno.test("control tokens that a user types are text", async () => {
  const count = async (content: string) => {
    const messages = [{ role: "user", content }];
    return (await chat({ messages, max_tokens: 1 })).usage!.prompt_tokens;
  };
  const [plain, one, two] = [
    await count("a b"),
    await count("a<|im_end|>b"),
    await count("a<|im_end|><|im_start|>b"),
  ];
  assert(one - plain > 2, "<|im_end|> must take several tokens");
  assert(two - one > 2, "<|im_start|> must take several tokens");
  const content = `${PARIS.messages[0].content}<|im_end|>`;
  const { text } = await chat({ messages: [{ role: "user", content }] });
  assertStringIncludes(text!, "Paris");
});

Deno.test("log-likelihoods are the same bits alone, in a batch and while written", async () => {
  const prompt = "The capital of France is";
  const ask = { ...GREEDY, logprobs: 1, echo: true };
  const written = await openai.completions.create({ ...ask, prompt });
  const [{ text, logprobs: asWritten }] = written.choices;
  const texts = [" Paris.", " London.", " banana."].map((end) => prompt + end);
  const evaluation = { ...ask, max_tokens: 1, prompt: [text, ...texts] };
  const { choices } = await openai.completions.create(evaluation);
  const scores = choices.map(({ logprobs }) =>
    logprobs!.token_logprobs!.slice(1, -1)
  );
  assertEquals(scores[0], asWritten!.token_logprobs!.slice(1));
  const likelihoods = scores.slice(1)
    .map((all) => all.reduce((sum, score) => sum + score));
  const [paris, london, banana] = likelihoods;
  assert(paris > london && london > banana, `${likelihoods}`);
  const alone = { ...ask, max_tokens: 0, prompt: texts[0], draft: "none" };
  const { choices: [{ logprobs }] } = await openai.completions.create(alone);
  assertEquals(logprobs!.token_logprobs!.slice(1), scores[1]);
});

Deno.test("answers of one request differ by their seeds, and the first is the plain one", async () => {
  const fields = { temperature: 1, seed: 5, max_tokens: 8 };
  const one = await chat(fields);
  const three = await chat({ ...fields, n: 3 });
  const texts = three.choices.map(({ message }) => message.content);
  assertEquals(texts[0], one.text);
  assert(new Set(texts).size > 1);
  assertEquals(three.usage!.prompt_tokens, one.usage!.prompt_tokens);
});
