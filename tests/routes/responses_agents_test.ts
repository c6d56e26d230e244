/**
 * Vercel's `ai` and OpenAI's Agents SDK, which use responses unless told otherwise.
 *
 * @module
 */

import { createOpenAI } from "@ai-sdk/openai";
import {
  Agent,
  OpenAIProvider,
  Runner,
  setTracingDisabled,
  tool as agentTool,
} from "@openai/agents";
import { assertEquals } from "@std/assert";
import {
  generateText,
  type ModelMessage,
  Output,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import OpenAI from "openai";
import { z } from "zod";
import { CALL, script, serveScript } from "./_responses.ts";

setTracingDisabled(true);

const prompt = "What is 40 + 2?";
const numbers = z.object({ a: z.number(), b: z.number() });

for (const stream of [false, true]) {
  const how = stream ? "as a stream" : "whole";

  Deno.test(`Vercel's ai runs a loop of tools and goes on, ${how}`, async () => {
    const said = script(CALL, "It is 42.", "A sum.", CALL, "It is 42 again.");
    await using server = await serveScript(said);
    const provider = createOpenAI({
      baseURL: `${server.url}/v1`,
      apiKey: "none",
    });
    for (const store of [true, false]) {
      const asked = {
        model: provider("toy"),
        maxRetries: 0,
        stopWhen: stepCountIs(3),
        providerOptions: { openai: { store } },
        tools: {
          add: tool({
            description: "Adds.",
            inputSchema: numbers,
            execute: ({ a, b }) => a + b,
          }),
        },
      };
      const ask = async (chat: ModelMessage[]) => {
        const result = stream
          ? streamText({ ...asked, messages: chat })
          : await generateText({ ...asked, messages: chat });
        const steps = await result.steps;
        const messages = steps.flatMap(({ response }) => response.messages);
        return { text: await result.text, steps, messages };
      };
      const question: ModelMessage = { role: "user", content: prompt };
      const first = await ask([question]);
      assertEquals(first.text, store ? "It is 42." : "It is 42 again.");
      assertEquals(
        first.steps.map(({ finishReason }) => finishReason),
        ["tool-calls", "stop"],
      );
      const [{ toolResults, usage }] = first.steps;
      assertEquals(toolResults.map(({ output }) => output), [42]);
      assertEquals(usage.outputTokens! > 0, true);
      if (!store) continue;
      const second = await ask([
        question,
        ...first.messages,
        { role: "user", content: "What did I ask?" },
      ]);
      assertEquals(second.text, "A sum.");
      assertEquals(said.prompts[2].startsWith(said.prompts[1]), true);
    }
  });

  Deno.test(`OpenAI's Agents SDK runs a loop of tools and goes on, ${how}`, async () => {
    const said = script(CALL, "It is 42.", "A sum.", '{"city":"Bern"}');
    await using server = await serveScript(said);
    const openAIClient = new OpenAI({
      baseURL: `${server.url}/v1`,
      apiKey: "none",
      maxRetries: 0,
    });
    const modelProvider = new OpenAIProvider({
      // The SDK has types of an equal client of its own.
      openAIClient: openAIClient as never,
    });
    const runner = new Runner({ modelProvider });
    const made: unknown[] = [];
    const agent = new Agent({
      name: "Adder",
      model: "toy",
      instructions: "Add.",
      tools: [agentTool({
        name: "add",
        description: "Adds.",
        parameters: numbers,
        execute(asked) {
          made.push(asked);
          return String(asked.a + asked.b);
        },
      })],
    });
    const ask = async (input: string, previousResponseId?: string) => {
      const options = previousResponseId ? { previousResponseId } : {};
      if (!stream) return await runner.run(agent, input, options);
      const result = await runner.run(agent, input, { ...options, stream });
      await result.completed;
      return result;
    };
    const first = await ask(prompt);
    assertEquals(first.finalOutput, "It is 42.");
    assertEquals(made, [{ a: 40, b: 2 }]);
    const second = await ask("What did I ask?", first.lastResponseId);
    assertEquals(second.finalOutput, "A sum.");
    assertEquals(said.prompts[2].startsWith(said.prompts[1]), true);

    const form = new Agent({
      name: "Finder",
      model: "toy",
      outputType: z.object({ city: z.string() }),
    });
    const found = await runner.run(form, "Where?");
    assertEquals(found.finalOutput, { city: "Bern" });
  });
}

Deno.test("Vercel's ai reads an object", async () => {
  await using server = await serveScript(script('{"city":"Bern"}'));
  const provider = createOpenAI({
    baseURL: `${server.url}/v1`,
    apiKey: "none",
  });
  const { output } = await generateText({
    model: provider("toy"),
    output: Output.object({ schema: z.object({ city: z.string() }) }),
    prompt: "Where?",
  });
  assertEquals(output, { city: "Bern" });
});
