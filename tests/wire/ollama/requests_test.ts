import { assertEquals, assertThrows } from "@std/assert";
import { ApiError } from "../../../lib/engine/errors.ts";
import {
  parseChatRequest,
  parseGenerateRequest,
} from "../../../lib/wire/ollama/requests.ts";

const options = { randomSeed: () => 5 };
const hi = [{ role: "user", content: "Hi" }];

const chat = (fields: object = {}) =>
  parseChatRequest(
    JSON.stringify({ model: "toy", messages: hi, ...fields }),
    options,
  );
const generate = (fields: object = {}) =>
  parseGenerateRequest(
    JSON.stringify({ model: "toy", prompt: "Hi", ...fields }),
    options,
  );

Deno.test("parseChatRequest() reads a request, by default for a stream", () => {
  const { model, stream, empty, generation } = chat({
    model: "toy:latest",
    keep_alive: "5m",
    think: false,
    options: {
      num_predict: 9,
      stop: ["END"],
      top_k: 3,
      min_p: 0.1,
      seed: 4,
      num_ctx: 4096,
      num_thread: 2,
      repeat_penalty: 1.1,
    },
  });
  assertEquals([model, stream, empty], ["toy", true, false]);
  assertEquals(generation.prompt, { messages: hi });
  const { maxTokens, stop, sampling } = generation;
  assertEquals([maxTokens, stop], [9, ["END"]]);
  assertEquals([sampling.topK, sampling.minP, sampling.seed], [3, 0.1, 4]);
  assertEquals(sampling.repetitionPenalty, 1.1);
  assertEquals(chat({ stream: false }).stream, false);
  for (const num_predict of [undefined, -1, -2]) {
    assertEquals(
      chat({ options: { num_predict } }).generation.maxTokens,
      undefined,
    );
  }
  assertEquals(chat({ messages: [] }).empty, true);
  assertEquals(chat({ messages: undefined }).empty, true);
});

Deno.test("parseChatRequest() goes on with an assistant's text", () => {
  const messages = [...hi, { role: "assistant", content: "The answer is" }];
  const { prompt } = chat({ messages }).generation;
  assertEquals(prompt, { messages, ending: "text" });
});

Deno.test("parseChatRequest() joins results with the calls that they answer", () => {
  const made = (name: string) => ({ function: { name, arguments: { a: 1 } } });
  const result = (content: string, more: object = {}) => ({
    role: "tool",
    content,
    ...more,
  });
  const { prompt } = chat({
    messages: [
      ...hi,
      {
        role: "assistant",
        tool_calls: [made("add"), made("sub"), made("add")],
      },
      result("b", { tool_name: "sub" }),
      result("a"),
      result("c", { tool_name: "add" }),
    ],
  }).generation;
  const said = "messages" in prompt ? prompt.messages : [];
  assertEquals(said[1].toolCalls?.map(({ id }) => id), [
    "call_1_0",
    "call_1_1",
    "call_1_2",
  ]);
  assertEquals(said[1].toolCalls?.[0].arguments, '{"a":1}');
  assertEquals(said.slice(2).map(({ toolCallId }) => toolCallId), [
    "call_1_1",
    "call_1_0",
    "call_1_2",
  ]);
});

Deno.test("parseGenerateRequest() asks a question, or continues a raw text", () => {
  assertEquals(generate({ system: "S" }).generation.prompt, {
    messages: [
      { role: "system", content: "S" },
      { role: "user", content: "Hi" },
    ],
  });
  const { prompt } = generate({ raw: true, system: "S" }).generation;
  assertEquals(prompt, { text: "Hi" });
  assertEquals(generate({ prompt: "" }).empty, true);
});

Deno.test("requests may ask for JSON", () => {
  const schema = { type: "object" };
  const form = (format: unknown) => generate({ format }).generation.grammar;
  assertEquals(form("json"), { type: "json_object" });
  assertEquals(form(schema), { type: "json_schema", schema });
  assertEquals([form(""), form(null)], [undefined, undefined]);
  const properties = { a: { type: "integer" } };
  assertEquals(form({ properties }), {
    type: "json_schema",
    schema: { properties, additionalProperties: false },
  });
});

Deno.test("requests that are wrong name the parameter", () => {
  const cases: [fields: object, param: string][] = [
    [{ messages: "Hi" }, "messages"],
    [{ messages: [{ role: "x" }] }, "messages[0].role"],
    [{ messages: [{ ...hi[0], images: ["aa"] }] }, "messages[0].images"],
    [{ options: 3 }, "options"],
    [{ options: { num_predict: -3 } }, "options.num_predict"],
    [{ options: { mirostat: 2 } }, "options.mirostat"],
    [{ options: { temperature: 9 } }, "options.temperature"],
    [{ tools: [{ type: "function" }] }, "tools[0].function"],
    [{ stream: "yes" }, "stream"],
  ];
  for (const [fields, param] of cases) {
    const error = assertThrows(() => chat(fields), ApiError);
    assertEquals([error.status, error.param], [400, param]);
  }
  for (const fields of [{ suffix: "x" }, { context: [1] }, { template: "x" }]) {
    const error = assertThrows(() => generate(fields), ApiError);
    assertEquals(error.param, Object.keys(fields)[0]);
  }
  const error = assertThrows(() => generate({ format: "xml" }), ApiError);
  assertEquals(error.param, "format");
});
