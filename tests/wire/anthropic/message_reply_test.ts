import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../../lib/engine/errors.ts";
import type { GenerationEvent } from "../../../lib/engine/generation.ts";
import { toErrorBody } from "../../../lib/wire/anthropic/error_body.ts";
import {
  NAMED_EVENTS,
  toEvents,
  toMessage,
} from "../../../lib/wire/anthropic/message_reply.ts";
import { end, hello, of, timings } from "../openai/_generation.ts";

const head = {
  id: "msg_1-2",
  created: 0,
  model: "toy",
  system_fingerprint: "fp",
};

/** Some text, then two calls. */
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
    ],
    counts: end,
  },
  end,
];

/** Reads the events of a stream in short: the name, and what is new. */
async function stream(events: GenerationEvent[]) {
  const short: unknown[] = [];
  for await (const { name, data } of toEvents(head, of(events))) {
    const { type, index, content_block, delta } = JSON.parse(data);
    assertEquals(type, name);
    const news = content_block?.name ?? content_block?.type ?? delta?.text ??
      delta?.partial_json ?? delta?.stop_reason;
    short.push([name, index, news].filter((value) => value !== undefined));
  }
  return short;
}

Deno.test("toMessage() returns text and its counts", async () => {
  const message = await toMessage(head, of(hello));
  assertEquals(message.id, "msg_1-2");
  assertEquals(message.content, [
    { type: "text", text: "Hello you", citations: null },
  ]);
  assertEquals([message.stop_reason, message.stop_sequence], [
    "end_turn",
    null,
  ]);
  const { input_tokens, cache_read_input_tokens, output_tokens } =
    message.usage;
  assertEquals([input_tokens, cache_read_input_tokens, output_tokens], [
    2,
    4,
    5,
  ]);
  assertEquals(message.timings, timings);
});

Deno.test("toMessage() returns why the text ended", async () => {
  const reason = async (fields: object) => {
    const { stop_reason, stop_sequence } = await toMessage(
      head,
      of([{ ...end, ...fields }]),
    );
    return [stop_reason, stop_sequence];
  };
  assertEquals(await reason({ finishReason: "length" }), ["max_tokens", null]);
  assertEquals(await reason({ stop: "END" }), ["stop_sequence", "END"]);
  assertEquals((await toMessage(head, of([end]))).content, []);
});

Deno.test("toMessage() returns calls, and no arguments where they were cut", async () => {
  const message = await toMessage(head, of(calls));
  assertEquals(message.stop_reason, "tool_use");
  assertEquals(
    message.content.slice(1).map((block) =>
      block.type === "tool_use" && [block.id, block.name, block.input]
    ),
    [["toolu_12_0", "add", { a: 1 }], ["toolu_12_1", "now", {}]],
  );
  const cut = await toMessage(
    head,
    of([calls[1], { ...end, finishReason: "length" }]),
  );
  const [call] = cut.content;
  assertEquals(call.type === "tool_use" && call.input, {});
  assertEquals(cut.stop_reason, "max_tokens");
});

Deno.test("toEvents() begins and ends each block", async () => {
  assertEquals(await stream(calls), [
    ["message_start"],
    ["content_block_start", 0, "text"],
    ["content_block_delta", 0, "Let me."],
    ["content_block_stop", 0],
    ["content_block_start", 1, "add"],
    ["content_block_delta", 1, '{"a":'],
    ["content_block_delta", 1, "1}"],
    ["content_block_stop", 1],
    ["content_block_start", 2, "now"],
    ["content_block_delta", 2, "{}"],
    ["content_block_stop", 2],
    ["message_delta", "tool_use"],
    ["message_stop"],
  ]);
  assertEquals(await stream([end]), [
    ["message_start"],
    ["message_delta", "end_turn"],
    ["message_stop"],
  ]);
});

Deno.test("toEvents() fails where a generation has no end", async () => {
  await assertRejects(() => stream(hello.slice(0, 1)), TypeError);
});

Deno.test("pings are events, and errors have Anthropic's types", () => {
  assertEquals(
    NAMED_EVENTS.ping("loading"),
    'event: ping\ndata: {"type":"ping"}\n\n',
  );
  const types = [400, 401, 404, 413, 429, 500, 503].map((status) =>
    toErrorBody(new ApiError(status, "no"), "r").error.type
  );
  assertEquals(types, [
    "invalid_request_error",
    "authentication_error",
    "not_found_error",
    "invalid_request_error",
    "rate_limit_error",
    "api_error",
    "overloaded_error",
  ]);
  assertEquals(toErrorBody(new ApiError(400, "no"), "r"), {
    type: "error",
    error: { type: "invalid_request_error", message: "no" },
    request_id: "r",
  });
});
