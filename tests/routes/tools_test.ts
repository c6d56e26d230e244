import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { assertEquals } from "@std/assert";
import { generateText, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";
import { z } from "zod";
import { byteEngine } from "../engine/_byte_engine.ts";
import { CALL, says } from "./_says.ts";
import { serve, type TestServer } from "./_serve.ts";

/** A server that calls, then answers. */
async function server(): Promise<TestServer> {
  const decoder = says(CALL, "It is 42.");
  return await serve({ engines: [byteEngine(decoder, { context: 4096 })] });
}

const prompt = "What is 40 + 2?";
const question = { role: "user" as const, content: prompt };
const parameters = {
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
};

for (const stream of [false, true]) {
  const how = stream ? "as a stream" : "whole";

  Deno.test(`OpenAI's tools runner calls and goes on, ${how}`, async () => {
    await using running = await server();
    const openai = new OpenAI({
      baseURL: `${running.url}/v1`,
      apiKey: "none",
      maxRetries: 0,
    });
    const made: unknown[] = [];
    const add = {
      type: "function" as const,
      function: {
        name: "add",
        description: "Adds.",
        parameters,
        parse: JSON.parse,
        function: (numbers: { a: number; b: number }) => {
          made.push(numbers);
          return String(numbers.a + numbers.b);
        },
      },
    };
    const asked = { model: "toy", messages: [question], tools: [add] };
    const runner = stream
      ? openai.chat.completions.runTools({ ...asked, stream })
      : openai.chat.completions.runTools(asked);
    assertEquals(await runner.finalContent(), "It is 42.");
    assertEquals(made, [{ a: 40, b: 2 }]);
    const [, call, result] = runner.messages;
    assertEquals(call.content, "Let me add.");
    assertEquals(result.role === "tool" && result.content, "42");
    const [first] = runner.allChatCompletions();
    assertEquals(first.choices[0].finish_reason, "tool_calls");
  });

  Deno.test(`Vercel's ai runs a loop of tools, ${how}`, async () => {
    await using running = await server();
    const provider = createOpenAICompatible({
      name: "bita",
      baseURL: `${running.url}/v1`,
    });
    const asked = {
      model: provider("toy"),
      prompt,
      maxRetries: 0,
      stopWhen: stepCountIs(3),
      tools: {
        add: tool({
          description: "Adds.",
          inputSchema: z.object({ a: z.number(), b: z.number() }),
          execute: ({ a, b }) => a + b,
        }),
      },
    };
    const result = stream ? streamText(asked) : await generateText(asked);
    assertEquals(await result.text, "It is 42.");
    const steps = await result.steps;
    assertEquals(steps.map(({ finishReason }) => finishReason), [
      "tool-calls",
      "stop",
    ]);
    assertEquals(steps[0].toolResults.map(({ output }) => output), [42]);
  });
}
