import { assertEquals } from "@std/assert";
import { parseChatRequest } from "../../../lib/wire/openai/chat_request.ts";

function parse(fields: object) {
  const body = { model: "toy", messages: [{ role: "user", content: "Hi" }] };
  const text = JSON.stringify({ ...body, ...fields });
  return parseChatRequest(text, { randomSeed: () => 7 });
}

Deno.test("parseChatRequest() fills in OpenAI's defaults", () => {
  assertEquals(parse({}), {
    model: "toy",
    n: 1,
    stream: false,
    includeUsage: false,
    continuousUsage: false,
    generation: {
      prompt: { messages: [{ role: "user", content: "Hi" }] },
      sampling: {
        temperature: 1,
        topP: 1,
        topK: 0,
        minP: 0,
        repetitionPenalty: 1,
        presencePenalty: 0,
        frequencyPenalty: 0,
        logitBias: new Map(),
        seed: 7,
      },
      stop: [],
      draft: "auto",
      cache: { caller: "", salt: '["",""]' },
    },
  });
});

Deno.test("parseChatRequest() reads how the prompt may be cached", () => {
  const { cache } = parse({
    prompt_cache_key: "chat 7",
    cache_salt: "pepper",
    prompt_cache_retention: "24h",
  }).generation;
  assertEquals(cache, {
    caller: "",
    salt: '["chat 7","pepper"]',
    retention: "24h",
  });
});

Deno.test("parseChatRequest() reads every field", () => {
  const { stream, includeUsage, generation } = parse({
    stream: true,
    stream_options: { include_usage: true },
    max_completion_tokens: 5,
    temperature: 0,
    top_p: 0.5,
    top_k: 40,
    min_p: 0.1,
    repetition_penalty: 1.2,
    presence_penalty: -1,
    frequency_penalty: 2,
    logit_bias: { "11": -100, "12": 3.5 },
    seed: 42,
    stop: ["a", "b"],
    draft: "none",
  });
  assertEquals({ stream, includeUsage }, { stream: true, includeUsage: true });
  assertEquals(generation.maxTokens, 5);
  assertEquals(generation.stop, ["a", "b"]);
  assertEquals(generation.draft, "none");
  assertEquals(generation.sampling, {
    temperature: 0,
    topP: 0.5,
    topK: 40,
    minP: 0.1,
    repetitionPenalty: 1.2,
    presencePenalty: -1,
    frequencyPenalty: 2,
    logitBias: new Map([[11, -100], [12, 3.5]]),
    seed: 42,
  });
});

Deno.test("parseChatRequest() reads the tree that guesses shall fill", () => {
  const treeOf = (draft_tree: string) =>
    parse({ draft_tree }).generation.draftTree;
  assertEquals(treeOf("auto"), undefined);
  assertEquals(treeOf("2-1"), [2, 1]);
  assertEquals(treeOf("paper"), [5, 4, 3]);
});

Deno.test("parseChatRequest() takes null for absent", () => {
  const fields = [
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "n",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "logit_bias",
    "tools",
    "response_format",
    "modalities",
    "logprobs",
    "draft",
    "prediction",
  ];
  const nulls = Object.fromEntries(fields.map((field) => [field, null]));
  assertEquals(parse(nulls), parse({}));
});

Deno.test("parseChatRequest() ignores hints and unknown fields", () => {
  const ignored = {
    user: "me",
    metadata: { a: "b" },
    store: true,
    service_tier: "auto",
    parallel_tool_calls: true,
    tool_choice: "none",
    tools: [],
    logprobs: false,
    response_format: { type: "text" },
    modalities: ["text"],
    reasoning_effort: "low",
    never_heard_of: 1,
  };
  assertEquals(parse(ignored), parse({}));
});

Deno.test("parseChatRequest() takes either limit, or both when equal", () => {
  for (
    const limit of [
      { max_tokens: 3 },
      { max_completion_tokens: 3 },
      { max_tokens: 3, max_completion_tokens: 3 },
      { max_tokens: null, max_completion_tokens: 3 },
    ]
  ) assertEquals(parse(limit).generation.maxTokens, 3);
});

Deno.test("parseChatRequest() maps roles and joins text parts by lines", () => {
  const { generation } = parse({
    messages: [
      { role: "developer", content: "Be brief." },
      { role: "system", content: "" },
      {
        role: "user",
        name: "Ann",
        content: [{ type: "text", text: "a" }, { type: "text", text: "b" }],
      },
      { role: "assistant", content: "c", tool_calls: null, refusal: null },
    ],
  });
  assertEquals(generation.prompt, {
    messages: [
      { role: "system", content: "Be brief." },
      { role: "system", content: "" },
      { role: "user", content: "a\nb" },
      { role: "assistant", content: "c" },
    ],
  });
});

Deno.test("parseChatRequest() reads a prediction, whole or in parts", () => {
  const part = (text: string) => ({ type: "text", text });
  for (const content of ["let a;\n", [part("let"), part(" a;\n")]]) {
    const { generation } = parse({ prediction: { type: "content", content } });
    assertEquals(generation.prediction, "let a;\n");
  }
});

Deno.test("parseChatRequest() folds any 64-bit seed to 32 bits", () => {
  const fold = (seed: number) => parse({ seed }).generation.sampling.seed;
  assertEquals(fold(0), 0);
  assertEquals(fold(2 ** 32 - 1), 2 ** 32 - 1);
  assertEquals(fold(2 ** 32), 1);
  assertEquals(fold(-2), 1);
  assertEquals(fold(2 ** 63), 2 ** 31);
  assertEquals(fold(-(2 ** 63)), 2 ** 31);
});

Deno.test("parseChatRequest() reads what other servers call off", () => {
  const { generation } = parse({
    top_k: -1,
    top_p: 0,
    seed: -1,
    max_tokens: -1,
    logit_bias: [],
    stop: ["", "\n"],
  });
  assertEquals(generation, {
    ...parse({}).generation,
    stop: ["\n"],
    sampling: { ...parse({}).generation.sampling, topP: Number.EPSILON },
  });
});

Deno.test("parseChatRequest() reads which tokens end the text, and from where on", () => {
  const { minTokens, stopTokens } = parse({
    min_tokens: 3,
    stop_token_ids: [5],
  }).generation;
  assertEquals([minTokens, stopTokens], [3, [5]]);
  assertEquals(parse({ ignore_eos: true }).generation.minTokens, Infinity);
});

Deno.test("parseChatRequest() reads how many likely tokens are listed", () => {
  const of = (fields: object) => parse(fields).generation.logprobs;
  assertEquals(of({ logprobs: true, top_logprobs: 3 }), 3);
  assertEquals(of({ logprobs: true }), 0);
  assertEquals(of({ logprobs: false, top_logprobs: 0 }), undefined);
});

Deno.test("parseChatRequest() makes a list of one stop string", () => {
  assertEquals(parse({ stop: "\n" }).generation.stop, ["\n"]);
});
