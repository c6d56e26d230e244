import { assertEquals } from "@std/assert";
import {
  toCompletion,
  toEvents,
} from "../../../lib/wire/openai/completion_reply.ts";
import { hello, of, timings, usage } from "./_generation.ts";

const head = {
  id: "cmpl-1",
  created: 1,
  model: "toy",
  system_fingerprint: "fp",
};
const start = { ...head, object: "text_completion" };

async function stream(includeUsage: boolean) {
  const data = await Array.fromAsync(
    toEvents(head, of(hello), { includeUsage }),
  );
  return data.map((text) => text === "[DONE]" ? text : JSON.parse(text));
}

function choices(text: string, finish_reason: string | null = null) {
  return [{ text, index: 0, logprobs: null, finish_reason }];
}

Deno.test("toCompletion() makes one text completion", async () => {
  assertEquals(await toCompletion(head, of(hello)), {
    ...start,
    object: "text_completion",
    choices: [{
      text: "Hello you",
      index: 0,
      logprobs: null,
      finish_reason: "stop",
    }],
    usage,
    timings,
  });
});

Deno.test("toEvents() sends text, finish with timings, [DONE]", async () => {
  assertEquals(await stream(false), [
    { ...start, choices: choices("Hello") },
    { ...start, choices: choices(" you") },
    { ...start, choices: choices("", "stop"), timings },
    "[DONE]",
  ]);
});

Deno.test("toEvents() sends the usage last, null before, if asked to", async () => {
  assertEquals(await stream(true), [
    { ...start, choices: choices("Hello"), usage: null },
    { ...start, choices: choices(" you"), usage: null },
    { ...start, choices: choices("", "stop"), usage: null },
    { ...start, choices: [], usage, timings },
    "[DONE]",
  ]);
});
