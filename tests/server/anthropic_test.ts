import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic from "@anthropic-ai/sdk";
import type { MessageCreateParamsNonStreaming } from "@anthropic-ai/sdk/resources";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { generateText, Output, streamText, tool } from "ai";
import { z } from "zod";
import { client } from "./_client.ts";
import type { RunningServer } from "./_server.ts";
import { startTinyServer, TINY } from "./_tiny_server.ts";

const KEY = "secret";

let server: RunningServer;
let anthropic: Anthropic;

Deno.test.beforeAll(async () => {
  server = await startTinyServer({ API_KEYS: KEY });
  anthropic = new Anthropic({
    baseURL: server.url,
    apiKey: KEY,
    maxRetries: 0,
  });
});

Deno.test.afterAll(() => server[Symbol.asyncDispose]());

const HI: MessageCreateParamsNonStreaming & { seed: number } = {
  model: TINY,
  max_tokens: 24,
  messages: [{ role: "user", content: "Hi there" }],
  seed: 7,
};

const WEATHER: Anthropic.Tool = {
  name: "get_weather",
  description: "Returns the weather of a city.",
  input_schema: {
    type: "object",
    properties: { city: { enum: ["Bern", "Rome"] } },
    required: ["city"],
    additionalProperties: false,
  },
};

function textOf({ content: [block] }: Anthropic.Message): string {
  return block?.type === "text" ? block.text : "";
}

function callOf({ content }: Anthropic.Message): Anthropic.ToolUseBlock {
  return content.find((block) => block.type === "tool_use")!;
}

Deno.test("a message has the text of a chat completion with the same seed", async () => {
  const openai = client(server).withOptions({ apiKey: KEY });
  for (const draft of ["auto", "none"]) {
    for (const temperature of [0, 1]) {
      const whole = await anthropic.messages.create({
        ...HI,
        ...{ temperature, draft },
        system: [
          { type: "text", text: "x-anthropic-billing-header: cch=1;" },
          { type: "text", text: "Be brief." },
        ],
      });
      const { choices } = await openai.chat.completions.create({
        ...{ model: TINY, max_tokens: 24, seed: 7, temperature },
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Hi there" },
        ],
      });
      assertEquals(textOf(whole), choices[0].message.content);
      assertEquals(whole.stop_reason, "max_tokens");
      assertEquals(whole.usage.output_tokens, 24);
    }
  }
});

Deno.test("Anthropic's client puts a stream together as the whole message", async () => {
  const whole = await anthropic.messages.create(HI);
  const stream = anthropic.messages.stream(HI);
  const final = await stream.finalMessage();
  assertEquals(final.content, whole.content);
  assertEquals(final.usage.output_tokens, whole.usage.output_tokens);
  assert(stream.request_id);
});

Deno.test("a message goes on with an assistant's text", async () => {
  const openai = client(server).withOptions({ apiKey: KEY });
  const messages = [
    { role: "user" as const, content: "Hi there" },
    { role: "assistant" as const, content: "The answer is" },
  ];
  const { choices } = await openai.chat.completions.create({
    ...{ model: TINY, max_tokens: 24, seed: 7, messages },
    ...{ continue_final_message: true },
  });
  const whole = await anthropic.messages.create({ ...HI, messages });
  assertEquals(textOf(whole), choices[0].message.content);
});

Deno.test("a message names the stop sequence that ended it", async () => {
  const text = textOf(await anthropic.messages.create(HI));
  const stop = text.slice(5, 8);
  const { content, ...cut } = await anthropic.messages.create({
    ...HI,
    stop_sequences: ["\u2603", stop],
  });
  assertEquals(cut.stop_reason, "stop_sequence");
  assertEquals(cut.stop_sequence, stop);
  assertEquals(content[0].type === "text" && content[0].text, text.slice(0, 5));
});

Deno.test("a call of a tool and its result make a round, whole or streamed", async () => {
  const ask = {
    ...HI,
    max_tokens: 200,
    tools: [WEATHER],
    tool_choice: { type: "any" as const, disable_parallel_tool_use: true },
  };
  const called = await anthropic.messages.create(ask);
  assertEquals(called.stop_reason, "tool_use");
  const call = callOf(called);
  const { city } = call.input as { city: string };
  assert(["Bern", "Rome"].includes(city), city);
  const streamed = await anthropic.messages.stream(ask).finalMessage();
  assertEquals(callOf(streamed).input, call.input);

  const answer = await anthropic.messages.create({
    ...ask,
    max_tokens: 8,
    tool_choice: { type: "none" },
    messages: [
      ...ask.messages,
      { role: "assistant", content: called.content },
      {
        role: "user",
        content: [{
          type: "tool_result",
          tool_use_id: call.id,
          content: [{ type: "text", text: "Sunny." }],
        }],
      },
    ],
  });
  assertEquals(answer.stop_reason, "max_tokens");
});

Deno.test("the line that Claude Code changes each time does not end the cached prefix", async () => {
  const cached = async (line: string) => {
    const { usage } = await anthropic.messages.create({
      ...HI,
      system: [
        { type: "text", text: `x-anthropic-billing-header: cch=${line};` },
        { type: "text", text: "Answer in verse. ".repeat(20) },
      ],
    });
    return usage.cache_read_input_tokens!;
  };
  assertEquals(await cached("0a1"), 0);
  assert(await cached("9f8") > 100);
});

Deno.test("count_tokens counts what a message reads", async () => {
  const ask = { model: TINY, messages: HI.messages, tools: [WEATHER] };
  const { input_tokens } = await anthropic.messages.countTokens(ask);
  const { usage } = await anthropic.messages.create({ ...HI, ...ask });
  assertEquals(
    input_tokens,
    usage.input_tokens + usage.cache_read_input_tokens!,
  );
});

Deno.test("Anthropic's client lists the models", async () => {
  const models = await Array.fromAsync(anthropic.models.list());
  assertEquals(models.map((model) => model.display_name), [TINY]);
  assertEquals((await anthropic.models.retrieve(TINY)).type, "model");
});

Deno.test("Anthropic's client throws its own class for each error", async () => {
  const bad = await assertRejects(
    () => anthropic.messages.create({ ...HI, ...{ temperature: 9 } }),
    Anthropic.BadRequestError,
    "temperature must be a number from 0 to 2",
  );
  assertEquals(bad.type, "invalid_request_error");
  assert(bad.requestID);
  const { error } = bad as unknown as { error: { request_id: string } };
  assertEquals(error.request_id, bad.requestID);
  await assertRejects(
    () => anthropic.messages.create({ ...HI, model: "claude" }),
    Anthropic.NotFoundError,
  );
  const stranger = anthropic.withOptions({ apiKey: "wrong" });
  const unknown = await assertRejects(
    () => stranger.messages.create(HI),
    Anthropic.AuthenticationError,
  );
  assertEquals(unknown.type, "authentication_error");
  assert(unknown.requestID);
});

Deno.test("Vercel's ai reads messages, calls and objects, whole and streamed", async () => {
  const provider = createAnthropic({
    baseURL: `${server.url}/v1`,
    apiKey: KEY,
  });
  const ask = {
    model: provider(TINY),
    prompt: "Hi there",
    temperature: 0,
    maxOutputTokens: 24,
    maxRetries: 0,
  };
  const whole = await generateText(ask);
  assertEquals(whole.finishReason, "length");
  assertEquals(await streamText(ask).text, whole.text);
  const byBearer = createAnthropic({
    baseURL: `${server.url}/v1`,
    authToken: KEY,
  });
  const same = await generateText({ ...ask, model: byBearer(TINY) });
  assertEquals(same.text, whole.text);

  const answered = z.object({ answer: z.enum(["yes", "no"]) });
  const form = { ...ask, output: Output.object({ schema: answered }) };
  const formed = await generateText({ ...form, maxOutputTokens: 100 });
  assert(["yes", "no"].includes(formed.output.answer));

  const tools = {
    ...ask,
    maxOutputTokens: 100,
    tools: {
      now: tool({
        inputSchema: z.object({ zone: z.enum(["UTC", "CET"]) }),
        execute: ({ zone }) => `09:41 ${zone}`,
      }),
    },
    prepareStep: ({ stepNumber }: { stepNumber: number }) => ({
      toolChoice: stepNumber === 0 ? "required" as const : "none" as const,
    }),
    stopWhen: ({ steps }: { steps: unknown[] }) => steps.length === 2,
  };
  const rounds = await generateText(tools);
  assertEquals(rounds.steps.length, 2);
  assert(rounds.steps[0].toolResults.length > 0);
  const streamed = streamText(tools);
  assertEquals(await streamed.text, rounds.text);
  assertEquals((await streamed.steps).length, 2);
});
