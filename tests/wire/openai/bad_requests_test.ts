import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ApiError } from "../../../lib/engine/errors.ts";
import { parseChatRequest } from "../../../lib/wire/openai/chat_request.ts";
import { parseCompletionRequest } from "../../../lib/wire/openai/completion_request.ts";

/** What is laid over a good body, the parameter blamed, a part of the message. */
type Row = [fields: unknown, param: string | null, says: string];

const options = { randomSeed: () => 7 };
const hi = [{ role: "user", content: "Hi" }];

const chatRows: Row[] = [
  [
    { messages: Array.from({ length: 2049 }, () => 1) },
    "messages",
    "must be at most 2048 messages: received an array of 2049",
  ],
  [{ model: undefined }, "model", "the id of a model: received nothing"],
  [{ model: "" }, "model", 'the id of a model: received ""'],
  [{ model: 3 }, "model", "received 3"],
  [{ model: null }, "model", "received null"],
  [{ messages: undefined }, "messages", "at least one message"],
  [{ messages: [] }, "messages", "received an array of 0"],
  [{ messages: "Hi" }, "messages", 'received "Hi"'],
  [{ messages: {} }, "messages", "received an object"],
  [{ messages: ["Hi"] }, "messages[0]", "an object with a role"],
  [{ messages: [{ content: "Hi" }] }, "messages[0].role", "received nothing"],
  [message({ role: "tool", tool_call_id: "1" }), "messages[0].role", "tools"],
  [message({ role: "function" }), "messages[0].role", 'received "function"'],
  [message({ role: 1 }), "messages[0].role", "received 1"],
  [
    { messages: [...hi, { role: "assistant" }] },
    "messages[1].content",
    "must be a string or an array",
  ],
  [message({ content: null }), "messages[0].content", "received null"],
  [message({ content: 5 }), "messages[0].content", "received 5"],
  [message({ content: [] }), "messages[0].content", "received an array of 0"],
  [message({ content: ["a"] }), "messages[0].content[0]", "must be an object"],
  [
    message({ content: [{ type: "image_url", image_url: { url: "x" } }] }),
    "messages[0].content[0].type",
    'only text is supported: received "image_url"',
  ],
  [
    message({
      content: [{ type: "text", text: "a" }, { type: "input_audio" }],
    }),
    "messages[0].content[1].type",
    "only text is supported",
  ],
  [
    message({ content: [{ type: "text" }] }),
    "messages[0].content[0].text",
    "must be a string: received nothing",
  ],
  [
    message({ role: "assistant", content: null, tool_calls: [{}] }),
    "messages[0].tool_calls",
    "not supported",
  ],
  [{ max_completion_tokens: 0 }, "max_completion_tokens", "at least 1"],
  [{ max_completion_tokens: 1.5 }, "max_completion_tokens", "an integer"],
  [{ max_tokens: 5, max_completion_tokens: 6 }, "max_tokens", "must equal"],
  [{ logprobs: true }, "logprobs", "not supported by this server"],
  [{ top_logprobs: 3 }, "top_logprobs", "not supported by this server"],
  [{ tools: [{ type: "function" }] }, "tools", "received an array of 1"],
  [{ tool_choice: "required" }, "tool_choice", "not supported"],
  [{ tool_choice: { type: "function" } }, "tool_choice", "not supported"],
  [{ functions: [{ name: "f" }] }, "functions", "not supported"],
  [{ function_call: { name: "f" } }, "function_call", "not supported"],
  [
    { response_format: { type: "json_object" } },
    "response_format.type",
    'other formats are not supported: received "json_object"',
  ],
  [{ response_format: "text" }, "response_format", "must be an object"],
  [{ modalities: ["text", "audio"] }, "modalities[1]", "only text"],
  [{ prediction: "Hi" }, "prediction", "an object with a type"],
  [{ prediction: { content: "Hi" } }, "prediction.type", 'must be "content"'],
  [{ prediction: { type: "content" } }, "prediction.content", "a string or"],
  [
    { prediction: { type: "content", content: [{ type: "text" }] } },
    "prediction.content[0].text",
    "must be a string",
  ],
  [{ audio: { voice: "alloy" } }, "audio", "not supported"],
  [{ web_search_options: {} }, "web_search_options", "not supported"],
];

const commonRows: Row[] = [
  [{ max_tokens: 0 }, "max_tokens", "at least 1: received 0"],
  [{ max_tokens: -1 }, "max_tokens", "at least 1: received -1"],
  [{ max_tokens: 2.5 }, "max_tokens", "an integer"],
  [{ max_tokens: "16" }, "max_tokens", 'received "16"'],
  [{ temperature: -0.1 }, "temperature", "from 0 to 2: received -0.1"],
  [{ temperature: 2.1 }, "temperature", "from 0 to 2: received 2.1"],
  [{ temperature: "hot" }, "temperature", 'received "hot"'],
  [{ top_p: 0 }, "top_p", "above 0 and at most 1"],
  [{ top_p: 1.01 }, "top_p", "above 0 and at most 1"],
  [{ top_k: -1 }, "top_k", "at least 0"],
  [{ top_k: 1.5 }, "top_k", "an integer"],
  [{ min_p: 2 }, "min_p", "from 0 to 1"],
  [{ seed: 1.5 }, "seed", "an integer of at most 64 bits"],
  [{ seed: 1e30 }, "seed", "an integer of at most 64 bits"],
  [{ seed: "7" }, "seed", 'received "7"'],
  [{ stop: "" }, "stop", "1 to 256 characters"],
  [{ stop: ["a", ""] }, "stop", "1 to 256 characters"],
  [{ stop: "a".repeat(257) }, "stop", "1 to 256 characters"],
  [{ stop: ["a", "b", "c", "d", "e"] }, "stop", "received an array of 5"],
  [{ stop: [1] }, "stop", "a string or up to 4 strings"],
  [{ stop: {} }, "stop", "a string or up to 4 strings"],
  [{ n: 2 }, "n", "must be 1"],
  [{ n: 0 }, "n", "must be 1"],
  [{ stream: "true" }, "stream", "must be true or false"],
  [{ stream_options: {} }, "stream_options", "absent unless stream is true"],
  [{ draft_trace: true }, "draft_trace", "unless stream is true"],
  [{ stream: true, draft_trace: 1 }, "draft_trace", "true or false"],
  [{ stream: true, stream_options: 1 }, "stream_options", "an object"],
  [
    { stream: true, stream_options: { include_usage: 1 } },
    "stream_options.include_usage",
    "must be true or false",
  ],
  [{ presence_penalty: 3 }, "presence_penalty", "from -2 to 2"],
  [{ frequency_penalty: -3 }, "frequency_penalty", "from -2 to 2"],
  [{ logit_bias: [] }, "logit_bias", "token ids and numbers"],
  [{ logit_bias: { "5": 101 } }, "logit_bias.5", "from -100 to 100"],
  [{ logit_bias: { "5": "x" } }, "logit_bias.5", "from -100 to 100"],
  [{ logit_bias: { cat: 1 } }, "logit_bias", 'keys: received "cat"'],
  [{ logit_bias: { "-1": 1 } }, "logit_bias", 'keys: received "-1"'],
  [{ prompt_cache_key: 5 }, "prompt_cache_key", "at most 256 characters"],
  [{ cache_salt: "x".repeat(257) }, "cache_salt", "at most 256 characters"],
  [{ prompt_cache_retention: "1h" }, "prompt_cache_retention", '"24h"'],
  [{ draft: "eagle" }, "draft", '"recycle" or "none"'],
  [{ draft_tree: "5-0" }, "draft_tree", 'widths such as "5-4-3"'],
  [{ draft_tree: 5 }, "draft_tree", 'widths such as "5-4-3"'],
  [{ draft: "none", draft_tree: "5" }, "draft_tree", 'where draft is "none"'],
];

const completionRows: Row[] = [
  [{ prompt: undefined }, "prompt", "must be one string"],
  [{ prompt: [] }, "prompt", "received an array of 0"],
  [{ prompt: ["a", "b"] }, "prompt", "batches and token ids"],
  [{ prompt: [1, 2] }, "prompt", "received an array of 2"],
  [{ prompt: [7] }, "prompt", "received 7"],
  [{ prompt: [[1, 2]] }, "prompt", "batches and token ids"],
  [{ best_of: 2 }, "best_of", "not supported"],
  [{ echo: true }, "echo", "not supported"],
  [{ logprobs: 0 }, "logprobs", "not supported"],
  [{ suffix: "end" }, "suffix", "not supported"],
];

const bodyRows: [text: string, says: string][] = [
  ["", 'must be valid JSON: received ""'],
  ["{", "must be valid JSON"],
  ["[]", "the body must be a JSON object: received an array of 0"],
  ["null", "the body must be a JSON object: received null"],
  ['"Hi"', 'the body must be a JSON object: received "Hi"'],
];

function message(fields: object): unknown {
  return { messages: [{ role: "user", content: "Hi", ...fields }] };
}

function assertBad(parse: () => unknown, param: string | null, says: string) {
  const error = assertThrows(parse, ApiError);
  assertEquals(error.status, 400);
  assertEquals(error.type, "invalid_request_error");
  assertEquals(error.param, param);
  assertStringIncludes(error.message, says);
}

Deno.test("parseChatRequest() names the parameter that is wrong", async (t) => {
  for (const [fields, param, says] of [...chatRows, ...commonRows]) {
    await t.step(JSON.stringify(fields), () => {
      const body = { model: "toy", messages: hi, ...fields as object };
      const text = JSON.stringify(body);
      assertBad(() => parseChatRequest(text, options), param, says);
    });
  }
});

Deno.test("parseCompletionRequest() names the parameter that is wrong", async (t) => {
  for (const [fields, param, says] of [...completionRows, ...commonRows]) {
    await t.step(JSON.stringify(fields), () => {
      const body = { model: "toy", prompt: "Once", ...fields as object };
      const text = JSON.stringify(body);
      assertBad(() => parseCompletionRequest(text, options), param, says);
    });
  }
});

Deno.test("parseChatRequest() refuses a body that is no JSON object", async (t) => {
  for (const [text, says] of bodyRows) {
    await t.step(JSON.stringify(text), () => {
      assertBad(() => parseChatRequest(text, options), null, says);
    });
  }
});

Deno.test("parseChatRequest() repeats no more than the start of a long value", () => {
  const text = JSON.stringify({
    model: "toy",
    messages: hi,
    seed: "x".repeat(1000),
  });
  assertBad(
    () => parseChatRequest(text, options),
    "seed",
    `"${"x".repeat(40)}"…`,
  );
});
