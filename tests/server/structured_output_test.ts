import { assert, assertEquals, assertRejects } from "@std/assert";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject } from "ai";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { client, MODEL } from "./_client.ts";
import { startServer } from "./_server.ts";

const Person = z.object({
  name: z.string().max(30),
  job: z.enum(["mathematician", "poet", "engineer"]),
  born: z.int().min(1000).max(2000),
  alive: z.boolean(),
});

const request = {
  model: MODEL,
  messages: [{
    role: "user" as const,
    content: "Describe Ada Lovelace, a mathematician born in 1815.",
  }],
  max_tokens: 80,
  seed: 5,
};

Deno.test("answers have the form that clients ask for, with drafts and without", async (t) => {
  await using server = await startServer({ PREFIX_CACHE: "off" });
  const openai = client(server);

  await t.step("OpenAI's parse() with zod", async () => {
    for (const temperature of [0, 0.8]) {
      const ask = (draft: string) =>
        openai.chat.completions.parse(
          {
            ...request,
            temperature,
            response_format: zodResponseFormat(Person, "person"),
            draft,
          } as Parameters<typeof openai.chat.completions.parse>[0],
        );
      const drafted = await ask("auto");
      const plain = await ask("none");
      const [{ message, finish_reason }] = drafted.choices;
      assertEquals(finish_reason, "stop");
      Person.parse(message.parsed);
      assertEquals(message.content, plain.choices[0].message.content);
    }
  });

  await t.step("generateObject() of Vercel's AI SDK", async () => {
    const provider = createOpenAICompatible({
      name: "bita",
      baseURL: `${server.url}/v1`,
      supportsStructuredOutputs: true,
    });
    const { object } = await generateObject({
      model: provider(MODEL),
      schema: Person,
      prompt: request.messages[0].content,
      temperature: 0,
      maxOutputTokens: 80,
    });
    Person.parse(object);
  });

  await t.step("json_object", async () => {
    const { choices: [{ message }] } = await openai.chat.completions.create({
      ...request,
      response_format: { type: "json_object" },
      stop: ["}"],
    });
    assert(message.content?.startsWith('{"'), message.content ?? "");
  });

  await t.step("a choice, on the older resource", async () => {
    const { choices: [{ text }] } = await openai.completions.create({
      model: MODEL,
      prompt: "The film was wonderful. Sentiment:",
      structured_outputs: { choice: ["positive", "negative"] },
    } as OpenAI.CompletionCreateParamsNonStreaming);
    assert(["positive", "negative"].includes(text), text);
  });

  await t.step("max_tokens may cut the JSON", async () => {
    const { choices: [choice] } = await openai.chat.completions.create({
      ...request,
      max_tokens: 4,
      response_format: zodResponseFormat(Person, "person"),
    });
    assertEquals(choice.finish_reason, "length");
  });

  await t.step("a schema that cannot be enforced is a 400", async () => {
    const schema = { type: "object", properties: { a: { not: {} } } };
    const error = await assertRejects(
      () =>
        openai.chat.completions.create({
          ...request,
          response_format: {
            type: "json_schema",
            json_schema: { name: "a", schema },
          },
        }),
      OpenAI.BadRequestError,
      "at #/properties/a",
    );
    assertEquals(error.param, "response_format.json_schema.schema");
  });

  await t.step("so is a form that the model has no tokens for", async () => {
    const ask = (regex: string) =>
      openai.completions.create({
        model: MODEL,
        prompt: "A byte:",
        structured_outputs: { regex },
        min_tokens: 4,
      } as OpenAI.CompletionCreateParamsNonStreaming);
    // As often as would be the end of a model that fails.
    for (let request = 0; request < 3; request++) {
      await assertRejects(
        () => ask("\\x04"),
        OpenAI.BadRequestError,
        "a token of the model must be allowed",
      );
    }
    const { choices: [{ text, finish_reason }] } = await ask("a?");
    assert(["", "a"].includes(text), text);
    assertEquals(finish_reason, "stop");
  });
});
