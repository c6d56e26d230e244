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

Deno.test("toEvents() sends the pass behind each piece, if it is told", async () => {
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
