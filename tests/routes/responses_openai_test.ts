import { assert, assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { z } from "zod";
import { CALL, script, serveScript } from "./_responses.ts";

const MODEL = "toy";

const add = {
  type: "function" as const,
  name: "add",
  description: "Adds.",
  strict: false,
  parameters: {
    type: "object",
    properties: { a: { type: "number" }, b: { type: "number" } },
  },
};

function client({ url }: { url: string }, apiKey = "none"): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

Deno.test("OpenAI's client reads a whole response, and its text as parsed", async () => {
  const said = script("Hello.", '{"city":"Bern"}');
  await using server = await serveScript(said);
  const { responses } = client(server);
  const response = await responses.create({
    model: MODEL,
    instructions: "Be brief.",
    input: "Hi",
    metadata: { a: "b" },
  });
  assertEquals(response.output_text, "Hello.");
  assertEquals(response.status, "completed");
  assertEquals(response.metadata, { a: "b" });
  assertEquals(response.usage?.output_tokens, 6);
  assertEquals(
    said.prompts[0],
    "system\nBe brief.\nuser\nHi\nassistant\n",
  );
  const parsed = await responses.parse({
    model: MODEL,
    input: "Where?",
    text: { format: zodTextFormat(z.object({ city: z.string() }), "place") },
  });
  assertEquals(parsed.output_parsed, { city: "Bern" });
});

Deno.test("OpenAI's client reads a stream: its events are numbered and in order", async () => {
  await using server = await serveScript(script("Hello you.", "Bye."));
  const { responses } = client(server);
  const stream = await responses.create({
    model: MODEL,
    input: [{ role: "user", content: [{ type: "input_text", text: "Hi" }] }],
    stream: true,
  });
  const events: ResponseStreamEvent[] = await Array.fromAsync(stream);
  assertEquals(
    events.map((event) => event.sequence_number),
    [...events.keys()],
  );
  const types = events.map(({ type }) => type.replace("response.", ""));
  assertEquals([...new Set(types)], [
    "created",
    "in_progress",
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "completed",
  ]);
  const text = events.flatMap((event) =>
    event.type === "response.output_text.delta" ? [event.delta] : []
  );
  assertEquals(text.join(""), "Hello you.");
  assert(text.length > 1);
  const runner = responses.stream({ model: MODEL, input: "Hi" });
  assertEquals((await runner.finalResponse()).output_text, "Bye.");
});

for (const stream of [false, true]) {
  Deno.test(`OpenAI's client calls a function and continues by id, ${stream ? "as a stream" : "whole"}`, async () => {
    const said = script(CALL, "It is 42.", "You asked for a sum.");
    await using server = await serveScript(said);
    const { responses } = client(server);
    const ask = async (
      fields: OpenAI.Responses.ResponseCreateParamsNonStreaming,
    ) => {
      const body = { model: MODEL, tools: [add], ...fields };
      return stream
        ? await responses.stream({ ...body, stream }).finalResponse()
        : await responses.create(body);
    };
    const first = await ask({ input: "What is 40 + 2?" });
    const [message, call] = first.output;
    assertEquals(message.type, "message");
    assertEquals(first.output_text, "Let me add.");
    if (call.type !== "function_call") throw new TypeError("no call");
    assertEquals(call.name, "add");
    assertEquals(JSON.parse(call.arguments), { a: 40, b: 2 });

    const second = await ask({
      previous_response_id: first.id,
      input: [{
        type: "function_call_output",
        call_id: call.call_id,
        output: [{ type: "input_text", text: "42" }],
      }],
    });
    assertEquals(second.output_text, "It is 42.");
    assertEquals(second.previous_response_id, first.id);

    // The same conversation, by items and references.
    const [{ id }] = second.output;
    const third = await ask({
      store: false,
      input: [
        { role: "user", content: "What is 40 + 2?" },
        ...first.output as OpenAI.Responses.ResponseInputItem[],
        { type: "function_call_output", call_id: call.call_id, output: "42" },
        { type: "item_reference", id: id! },
        { role: "user", content: "What did I ask?" },
      ],
    });
    assertEquals(third.output_text, "You asked for a sum.");
    assert(said.prompts[2].startsWith(said.prompts[1]), said.prompts[2]);
    await assertRejects(
      () => responses.retrieve(third.id),
      OpenAI.NotFoundError,
    );
  });
}

Deno.test("OpenAI's client retrieves and deletes its own responses alone", async () => {
  await using server = await serveScript(script("Hello."), ["one", "two"]);
  const { responses } = client(server, "one");
  const stranger = client(server, "two").responses;
  const response = await responses.create({ model: MODEL, input: "Hi" });
  const { _request_id: _, ...found } = await responses.retrieve(response.id);
  const { _request_id, ...made } = response;
  assertEquals(found, made);
  for (const name of ["retrieve", "delete"] as const) {
    await assertRejects(
      () => stranger[name](response.id),
      OpenAI.NotFoundError,
    );
  }
  const foreign = await assertRejects(
    () => stranger.create({ model: MODEL, previous_response_id: response.id }),
    OpenAI.BadRequestError,
  );
  assertEquals(foreign.code, "previous_response_not_found");
  await responses.delete(response.id);
  await assertRejects(
    () => responses.retrieve(response.id),
    OpenAI.NotFoundError,
  );
});

Deno.test("OpenAI's client counts the tokens of an input, and reads logprobs", async () => {
  await using server = await serveScript(script("Yes."));
  const { responses } = client(server);
  const ask = { model: MODEL, input: "Hi", instructions: "Be brief." };
  const { input_tokens } = await responses.inputTokens.count(ask);
  const response = await responses.create({
    ...ask,
    include: ["message.output_text.logprobs"],
    top_logprobs: 2,
    max_output_tokens: 2,
  });
  assertEquals(response.usage?.input_tokens, input_tokens);
  assertEquals(response.status, "incomplete");
  assertEquals(response.incomplete_details?.reason, "max_output_tokens");
  const [message] = response.output;
  const [part] = message.type === "message" ? message.content : [];
  const logprobs = part.type === "output_text" ? part.logprobs ?? [] : [];
  assertEquals(logprobs.map(({ token }) => token).join(""), "Ye");
  assertEquals(logprobs[0].top_logprobs.length, 2);
});

Deno.test("OpenAI's client is told what is wrong, by the parameter of this API", async () => {
  await using server = await serveScript(script());
  const { responses } = client(server);
  const cases: [object, string][] = [
    [{ input: [] }, "input"],
    [{ input: [{ role: "critic", content: "Hi" }] }, "input[0].role"],
    [{ background: true }, "background"],
    [{ tool_choice: { type: "function", name: "x" } }, "tool_choice.name"],
    [{ text: { format: { type: "xml" } } }, "text.format.type"],
    [
      {
        tools: [{ ...add, strict: true, parameters: { not: {} } }],
      },
      "tools[0].parameters",
    ],
  ];
  for (const [fields, param] of cases) {
    const error = await assertRejects(
      () => responses.create({ model: MODEL, input: "Hi", ...fields }),
      OpenAI.BadRequestError,
    );
    assertEquals(error.param, param, error.message);
  }
});
