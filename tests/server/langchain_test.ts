import {
  AIMessageChunk,
  HumanMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAI } from "@langchain/openai";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import type { RunningServer } from "./_server.ts";
import { startTinyServer, TINY } from "./_tiny_server.ts";

let server: RunningServer;

Deno.test.beforeAll(async () => {
  server = await startTinyServer();
});

Deno.test.afterAll(() => server[Symbol.asyncDispose]());

const Opinion = z.object({ mood: z.enum(["good", "bad"]), seen: z.boolean() });

const weather = tool(({ city }) => `Rain in ${city}.`, {
  name: "get_weather",
  description: "Returns the weather of a city.",
  schema: z.object({ city: z.enum(["Bern", "Rome"]) }),
});

function settings(maxTokens: number) {
  return {
    model: TINY,
    apiKey: "none",
    configuration: { baseURL: `${server.url}/v1` },
    temperature: 0,
    maxTokens,
    maxRetries: 0,
  };
}

/** Returns how many tokens a message has; the field's own type is `never` here. */
function written({ usage_metadata }: { usage_metadata?: unknown }): number {
  return (usage_metadata as { output_tokens: number }).output_tokens;
}

const chat = (maxTokens = 200) => new ChatOpenAI(settings(maxTokens));

Deno.test("LangChain reads a message, and the same one from a stream", async () => {
  const whole = await chat(8).invoke("Hi");
  assertEquals(written(whole), 8);
  assertEquals(whole.response_metadata.finish_reason, "length");
  let joined: AIMessageChunk | undefined;
  for await (const chunk of await chat(8).stream("Hi")) {
    joined = joined?.concat(chunk) ?? chunk;
  }
  assertEquals(joined?.content, whole.content);
  assertEquals(written(joined!), 8);
});

Deno.test("LangChain runs a batch", async () => {
  const replies = await chat(4).batch(["One", "Two"]);
  assertEquals(replies.map((reply) => typeof reply.content), [
    "string",
    "string",
  ]);
});

Deno.test("LangChain reads structured answers, by each of its methods", async () => {
  for (const method of ["jsonSchema", "functionCalling"] as const) {
    const model = chat().withStructuredOutput(Opinion, { method });
    Opinion.parse(await model.invoke("A film?"));
  }
  const model = chat().withStructuredOutput(Opinion);
  Opinion.parse(await model.invoke("A film?"));
  const pieces = await Array.fromAsync(await model.stream("A film?"));
  Opinion.parse(pieces.at(-1));
});

Deno.test("LangChain's bound tools make a loop", async () => {
  const model = chat().bindTools([weather], {
    tool_choice: "get_weather",
    parallel_tool_calls: false,
  });
  const question = new HumanMessage("Will it rain?");
  const asked = await model.invoke([question]);
  assertEquals(asked.tool_calls?.length, 1);
  const result = await weather.invoke(asked.tool_calls![0]);
  assert(result instanceof ToolMessage);
  const last = await chat(8).bindTools([weather], { tool_choice: "none" })
    .invoke([question, asked, result]);
  assert(last.content);

  let joined: AIMessageChunk | undefined;
  for await (const chunk of await model.stream([question])) {
    joined = joined?.concat(chunk) ?? chunk;
  }
  assertEquals(
    joined?.tool_calls?.map(({ args }) => args),
    asked.tool_calls?.map(({ args }) => args),
  );
});

Deno.test("LangChain reads log probabilities and text completions", async () => {
  const model = new ChatOpenAI({
    ...settings(4),
    logprobs: true,
    topLogprobs: 2,
  });
  const { response_metadata } = await model.invoke("Hi");
  const { content } = response_metadata.logprobs as { content: unknown[] };
  assertEquals(content.length, 4);
  const text = new OpenAI(settings(4));
  const pieces = await Array.fromAsync(await text.stream("Once"));
  assertEquals(pieces.join(""), await text.invoke("Once"));
});

Deno.test("LangChain knows the error of a too long prompt", async () => {
  const error = await assertRejects(() => chat().invoke("word ".repeat(5000)));
  assertEquals((error as Error).name, "ContextOverflowError");
});
