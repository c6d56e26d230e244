import { assert, assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import type { Response } from "openai/resources/responses/responses";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { client } from "./_client.ts";
import { startServer } from "./_server.ts";

/** Asks for a response with fields of this server. */
type Ask = OpenAI.Responses.ResponseCreateParamsNonStreaming & {
  draft?: string;
  seed?: number;
};

const question = "The quick brown fox jumps over the lazy dog and the quick";
const ask: Ask = {
  model: "tiny",
  input: question,
  instructions: "Be brief.",
  max_output_tokens: 24,
};

/** Asks as a stream, or not. */
async function respond(
  { responses }: OpenAI,
  fields: Partial<Ask>,
  stream = false,
): Promise<Response> {
  const body = { ...ask, ...fields };
  if (!stream) return await responses.create(body);
  const events = await responses.create({ ...body, stream });
  let last: Response | undefined;
  for await (const event of events) {
    if ("response" in event) last = event.response;
  }
  return last!;
}

function textOf({ output }: Response): string {
  return output.flatMap((item) => item.type === "message" ? item.content : [])
    .map((part) => part.type === "output_text" ? part.text : "").join("");
}

Deno.test("a server answers conversations, and knows them after a restart", async (t) => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1, context: 1024 });
  const env = { MODEL: path, CACHE_DIR: folder, BACKEND: "cpu" };
  let first: Response, call: Response;
  {
    await using server = await startServer(env);
    const openai = client(server);

    await t.step("the text is that of a chat, drafts on or off", async () => {
      for (const temperature of [0, 0.8]) {
        const { choices: [{ message }], usage } = await openai.chat.completions
          .create(
            {
              model: "tiny",
              messages: [
                { role: "system", content: "Be brief." },
                { role: "user", content: question },
              ],
              max_tokens: 24,
              temperature,
              seed: 7,
            },
          );
        assert(message.content);
        for (const draft of ["auto", "none"]) {
          for (const stream of [false, true]) {
            const fields = { draft, temperature, seed: 7 };
            const response = await respond(openai, fields, stream);
            assertEquals(textOf(response), message.content);
            assertEquals(
              [response.usage?.input_tokens, response.usage?.output_tokens],
              [usage?.prompt_tokens, usage?.completion_tokens],
            );
          }
        }
      }
    });

    await t.step("a call fits its schema, drafts on or off", async () => {
      const unit = { enum: ["celsius", "fahrenheit"] };
      const parameters = {
        type: "object",
        properties: { unit },
        required: ["unit"],
        additionalProperties: false,
      };
      const fields: Partial<Ask> = {
        tools: [
          { type: "web_search" },
          { type: "function", name: "weather", parameters, strict: true },
        ],
        tool_choice: { type: "function", name: "weather" },
        max_output_tokens: 200,
        temperature: 0,
      };
      const made = [];
      for (const draft of ["auto", "none"]) {
        for (const stream of [false, true]) {
          call = await respond(openai, { ...fields, draft }, stream);
          const [item] = call.output;
          if (item.type !== "function_call") throw new TypeError(item.type);
          assert(unit.enum.includes(JSON.parse(item.arguments).unit));
          made.push(item.arguments);
        }
      }
      assertEquals(new Set(made).size, 1);
    });

    await t.step("an answer has the form of text.format", async () => {
      const { output_text, status } = await respond(openai, {
        text: {
          format: {
            type: "json_schema",
            name: "mood",
            schema: { enum: ["good", "bad"] },
          },
        },
      }) as Response;
      assert(['"good"', '"bad"'].includes(output_text), output_text);
      assertEquals(status, "completed");
    });

    await t.step("a long conversation is refused, or cut", async () => {
      const input = Array.from({ length: 40 }, (_, i) => ({
        role: "user" as const,
        content: `${i} ${question}`,
      }));
      const error = await assertRejects(
        () => respond(openai, { input }),
        OpenAI.BadRequestError,
        "too long",
      );
      assertEquals(error.param, "input");
      assertEquals(error.code, "context_length_exceeded");
      const cut = await respond(openai, { input, truncation: "auto" });
      assert(cut.usage!.input_tokens > 900);
    });

    first = await respond(openai, { temperature: 0 });
    assertEquals((first as { store?: boolean }).store, true);
  }

  await using server = await startServer(env);
  const openai = client(server);
  await t.step("a response is found, continued and deleted", async () => {
    const { _request_id: _, ...found } = await openai.responses.retrieve(
      first.id,
    ) as Response & { _request_id?: string };
    assertEquals(found.output, first.output);
    const fields = { input: "And then?", temperature: 0 };
    const byId = await respond(openai, {
      ...fields,
      previous_response_id: first.id,
    });
    const byItems = await respond(openai, {
      ...fields,
      input: [
        { role: "user", content: question },
        ...first.output as OpenAI.Responses.ResponseInputItem[],
        { role: "user", content: "And then?" },
      ],
    });
    assertEquals(textOf(byId), textOf(byItems));
    assertEquals(byId.usage?.input_tokens, byItems.usage?.input_tokens);
    const [item] = call.output;
    const answered = await respond(openai, {
      previous_response_id: call.id,
      input: [{
        type: "function_call_output",
        call_id: item.type === "function_call" ? item.call_id : "",
        output: "20",
      }],
    });
    assertEquals(answered.previous_response_id, call.id);
    await openai.responses.delete(first.id);
    await assertRejects(
      () => openai.responses.retrieve(first.id),
      OpenAI.NotFoundError,
    );
  });
  await Deno.remove(folder, { recursive: true });
});
