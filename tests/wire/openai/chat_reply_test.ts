import { assertEquals, assertRejects } from "@std/assert";
import type { GenerationEvent } from "../../../lib/engine/generation.ts";
import { toCompletion, toEvents } from "../../../lib/wire/openai/chat_reply.ts";
import { end, hello, of, timings, usage } from "./_generation.ts";

const head = {
  id: "chatcmpl-1",
  created: 1,
  model: "toy",
  system_fingerprint: "fp",
};
const start = { ...head, object: "chat.completion.chunk" };

async function stream(events: GenerationEvent[], includeUsage = false) {
  const data = await Array.fromAsync(
    toEvents(head, of(events), { includeUsage }),
  );
  return data.map((text) => text === "[DONE]" ? text : JSON.parse(text));
}

function choices(delta: object, finish_reason: string | null = null) {
  return [{ index: 0, delta, logprobs: null, finish_reason }];
}

Deno.test("toCompletion() makes one chat completion", async () => {
  assertEquals(await toCompletion(head, of(hello)), {
    ...head,
    object: "chat.completion",
    choices: [{
      index: 0,
      message: { role: "assistant", content: "Hello you", refusal: null },
      logprobs: null,
      finish_reason: "stop",
    }],
    usage,
    timings,
  });
});

Deno.test("toEvents() sends role, text, finish with timings, [DONE]", async () => {
  assertEquals(await stream(hello), [
    { ...start, choices: choices({ role: "assistant", content: "" }) },
    { ...start, choices: choices({ content: "Hello" }) },
    { ...start, choices: choices({ content: " you" }) },
    { ...start, choices: choices({}, "stop"), timings },
    "[DONE]",
  ]);
});

Deno.test("toEvents() sends the pass with each piece, if it is traced", async () => {
  const guess = {
    depth: 1,
    rank: 0,
    drafters: ["ngram" as const],
    chance: 0.6,
  };
  const pass = {
    ms: 9,
    rows: 3,
    drafted: 2,
    tokens: [{ text: "a", guess }, { text: "b", guess: null }],
  };
  const events = [
    { type: "text" as const, text: "ab", counts: end, pass },
    end,
  ];
  const [, text, finish] = await stream(events);
  assertEquals(text.draft_trace, pass);
  assertEquals(finish.draft_trace, undefined);
});

Deno.test("toEvents() says what of the prompt was known, in a chunk without text", async () => {
  const parts = [{ text: "Hi", tokens: 1, cached: true }];
  const events = [{ type: "prompt" as const, parts }, end];
  const [, told] = await stream(events);
  assertEquals(told.prompt_trace, parts);
  assertEquals(told.choices, []);
});

Deno.test("toEvents() sends the usage last, null before, if asked to", async () => {
  const usages = (await stream(hello, true)).map((chunk) => chunk.usage);
  assertEquals(usages, [null, null, null, null, usage, undefined]);
  assertEquals((await stream(hello, true)).at(-2), {
    ...start,
    choices: [],
    usage,
    timings,
  });
});

Deno.test("toEvents() sends the usage so far with each text, if asked to", async () => {
  const options = { includeUsage: true, continuousUsage: true };
  const data = await Array.fromAsync(toEvents(head, of(hello), options));
  const usages = data.slice(0, -1).map((text) => JSON.parse(text).usage);
  assertEquals(usages, [null, usage, usage, null, usage]);
});

Deno.test("toCompletion() tells what became of a prediction", async () => {
  const prediction = { accepted: 3, rejected: 2 };
  const last = { ...end, usage: { ...end.usage, prediction } };
  const completion = await toCompletion(head, of([last]));
  assertEquals(completion.usage, {
    ...usage,
    completion_tokens_details: {
      accepted_prediction_tokens: 3,
      rejected_prediction_tokens: 2,
    },
  });
});

Deno.test("toEvents() sends a role even before an empty answer", async () => {
  const [role, finish] = await stream([end]);
  assertEquals(role.choices[0].delta, { role: "assistant", content: "" });
  assertEquals(finish.choices[0].finish_reason, "stop");
});

Deno.test("toEvents() and toCompletion() refuse a generation without end", async () => {
  const endless = hello.slice(0, -1);
  await assertRejects(() => stream(endless), TypeError, "must yield its end");
  await assertRejects(
    () => toCompletion(head, of(endless)),
    TypeError,
    "must yield its end",
  );
});

const called: GenerationEvent[] = [
  { type: "text", text: "Wait.", counts: end },
  {
    type: "text",
    text: "",
    calls: [
      { type: "call", name: "add", index: 0 },
      { type: "arguments", text: '{"a"', index: 0 },
    ],
    counts: end,
  },
  {
    type: "text",
    text: "",
    calls: [
      { type: "arguments", text: ": 1}", index: 0 },
      { type: "call", name: "now", index: 1 },
      { type: "arguments", text: "{}", index: 1 },
    ],
    counts: end,
  },
  end,
];

function whole(index: number, name: string, text: string) {
  const id = `call_1_${index}`;
  return { id, type: "function" as const, function: { name, arguments: text } };
}

Deno.test("toCompletion() joins the calls of tools", async () => {
  const { choices: [both] } = await toCompletion(head, of(called));
  const calls = [whole(0, "add", '{"a": 1}'), whole(1, "now", "{}")];
  assertEquals(both.message.tool_calls, calls);
  assertEquals(both.message.content, "Wait.");
  assertEquals(both.finish_reason, "tool_calls");
  const { choices: [alone] } = await toCompletion(head, of(called.slice(1)));
  assertEquals(alone.message.content, null);
});

Deno.test("toEvents() sends a call's id and name once, then its arguments", async () => {
  const more = (index: number, text: string) => ({
    index,
    function: { arguments: text },
  });
  const deltas = [
    { role: "assistant", content: "" },
    { content: "Wait." },
    ...[
      { index: 0, ...whole(0, "add", "") },
      more(0, '{"a"'),
      more(0, ": 1}"),
      { index: 1, ...whole(1, "now", "") },
      more(1, "{}"),
    ].map((call) => ({ tool_calls: [call] })),
  ];
  assertEquals(await stream(called), [
    ...deltas.map((delta) => ({ ...start, choices: choices(delta) })),
    { ...start, choices: choices({}, "tool_calls"), timings },
    "[DONE]",
  ]);
});

Deno.test("a call that the limit has cut is no call to make", async () => {
  const cut = { ...end, finishReason: "length" as const };
  const events = [...called.slice(0, 2), cut];
  const { choices: [choice] } = await toCompletion(head, of(events));
  assertEquals(choice.finish_reason, "length");
  assertEquals(
    (await stream(events)).at(-2).choices[0].finish_reason,
    "length",
  );
});
