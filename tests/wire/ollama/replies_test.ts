import { assertEquals, assertRejects } from "@std/assert";
import type { GenerationEvent } from "../../../lib/engine/generation.ts";
import {
  chatReplies,
  generateReplies,
  LINES,
} from "../../../lib/wire/ollama/replies.ts";
import { end, hello, of, timings } from "../openai/_generation.ts";

const head = {
  id: "1",
  created: 1_700_000_000,
  model: "toy",
  system_fingerprint: "fp",
};
const about = { model: "toy", created_at: "2023-11-14T22:13:20.000Z" };

const over = {
  done: true,
  done_reason: "stop",
  total_duration: 9_000_000,
  load_duration: 0,
  prompt_eval_count: 6,
  prompt_eval_duration: 3_000_000,
  eval_count: 5,
  eval_duration: 6_000_000,
  timings,
};

const message = (content: string, more: object = {}) => ({
  message: { role: "assistant", content, ...more },
});

const called = [
  { function: { name: "add", arguments: { a: 1 } } },
  { function: { name: "now", arguments: {} } },
];

/** A text, two whole calls and one that was cut. */
const calls: GenerationEvent[] = [
  { type: "text", text: "Let me.", counts: end },
  {
    type: "text",
    text: "",
    calls: [
      { type: "call", index: 0, name: "add" },
      { type: "arguments", index: 0, text: '{"a":' },
    ],
    counts: end,
  },
  {
    type: "text",
    text: "",
    calls: [
      { type: "arguments", index: 0, text: "1}" },
      { type: "call", index: 1, name: "now" },
      { type: "arguments", index: 1, text: "{}" },
      { type: "call", index: 2, name: "add" },
      { type: "arguments", index: 2, text: '{"a"' },
    ],
    counts: end,
  },
  end,
];

/** Reads the objects of a stream. */
async function lines(replies: typeof chatReplies, events: GenerationEvent[]) {
  const all = await Array.fromAsync(replies.toEvents(head, of(events)));
  const text = all.map((line) => LINES.event(line)).join("");
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("replies are whole, with their times in nanoseconds", async () => {
  assertEquals(await chatReplies.toCompletion(head, of(hello)), {
    ...about,
    ...message("Hello you"),
    ...over,
  });
  assertEquals(await generateReplies.toCompletion(head, of(hello)), {
    ...about,
    response: "Hello you",
    ...over,
  });
});

Deno.test("replies are streamed, an object a line", async () => {
  assertEquals(await lines(generateReplies, hello), [
    { ...about, response: "Hello", done: false },
    { ...about, response: " you", done: false },
    { ...about, response: "", ...over },
  ]);
  await assertRejects(
    () => lines(chatReplies, hello.slice(0, 1)),
    TypeError,
  );
});

Deno.test("calls are whole in each reply, and one that was cut is left out", async () => {
  assertEquals(await chatReplies.toCompletion(head, of(calls)), {
    ...about,
    ...message("Let me.", { tool_calls: called }),
    ...over,
  });
  assertEquals(await lines(chatReplies, calls), [
    { ...about, ...message("Let me."), done: false },
    ...called.map((call) => ({
      ...about,
      ...message("", { tool_calls: [call] }),
      done: false,
    })),
    { ...about, ...message(""), ...over },
  ]);
});

Deno.test("the reply to an empty request reports that the model is open", () => {
  assertEquals(chatReplies.toOpened(head), {
    ...about,
    ...message(""),
    done: true,
    done_reason: "load",
  });
});
