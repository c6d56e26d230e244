import { assert, assertEquals, assertRejects } from "@std/assert";
import { Ollama, type Tool } from "ollama";
import { client } from "./_client.ts";
import type { RunningServer } from "./_server.ts";
import { startTinyServer, TINY } from "./_tiny_server.ts";

const KEY = "secret";
const ID = `${TINY}:latest`;

let server: RunningServer;
let ollama: Ollama;

Deno.test.beforeAll(async () => {
  server = await startTinyServer({ API_KEYS: KEY });
  ollama = new Ollama({
    host: server.url,
    headers: { Authorization: `Bearer ${KEY}` },
  });
});

Deno.test.afterAll(() => server[Symbol.asyncDispose]());

const HI = {
  model: ID,
  messages: [{ role: "user", content: "Hi there" }],
  options: { num_predict: 24, temperature: 0, seed: 7 },
};

const WEATHER: Tool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Returns the weather of a city.",
    parameters: {
      type: "object",
      properties: { city: { type: "string", enum: ["Bern", "Rome"] } },
      required: ["city"],
    },
  },
};

Deno.test("Ollama's client reads the version and the models", async () => {
  const { version } = await ollama.version();
  assert(/^\d+\.\d+\.\d+$/.test(version));
  const { models: [model, ...others] } = await ollama.list();
  assertEquals([model.name, others], [ID, []]);
  assertEquals(model.digest.length, 64);
  const { models: [running] } = await ollama.ps();
  assertEquals(running.name, ID);
  const shown = await ollama.show({ model: ID });
  assertEquals(shown.capabilities, ["completion", "tools"]);
  assertEquals(shown.details.family, "llama");
  assertEquals(shown.details, model.details);
  const { status } = await ollama.pull({ model: TINY });
  assertEquals(status, "success");
  for await (
    const { status } of await ollama.pull({ model: ID, stream: true })
  ) {
    assertEquals(status, "success");
  }
});

Deno.test("an answer has the text of a chat completion with the same seed", async () => {
  const openai = client(server).withOptions({ apiKey: KEY });
  for (const temperature of [0, 1]) {
    for (const draft of ["auto", "none"]) {
      const options = { ...HI.options, temperature, ...{ draft } };
      const { choices } = await openai.chat.completions.create({
        ...{ model: TINY, max_tokens: 24, seed: 7, temperature },
        messages: [{ role: "user", content: "Hi there" }],
      });
      const whole = await ollama.chat({ ...HI, options });
      assertEquals(whole.message.content, choices[0].message.content);
      assertEquals([whole.done_reason, whole.eval_count], ["length", 24]);
      let text = "";
      let last;
      for await (
        const part of await ollama.chat({ ...HI, options, stream: true })
      ) {
        text += part.message.content;
        last = part;
      }
      assertEquals(text, whole.message.content);
      assertEquals([last?.done, last?.done_reason], [true, "length"]);
      const { response } = await ollama.generate({
        ...{ model: ID, prompt: "Hi there", options },
      });
      assertEquals(response, whole.message.content);
    }
  }
});

Deno.test("a raw prompt is continued as by /v1/completions, whole and streamed", async () => {
  const openai = client(server).withOptions({ apiKey: KEY });
  const { choices: [{ text }] } = await openai.completions.create({
    ...{ model: TINY, prompt: "Once", max_tokens: 24, temperature: 0 },
  });
  const ask = { model: ID, prompt: "Once", raw: true, options: HI.options };
  const { response } = await ollama.generate(ask);
  assertEquals(response, text);
  const parts = await Array.fromAsync(
    await ollama.generate({ ...ask, stream: true }),
  );
  assertEquals(parts.map((part) => part.response).join(""), text);
  const cut = await ollama.generate({
    ...ask,
    options: { ...HI.options, stop: [text.slice(5, 8)] },
  });
  assertEquals([cut.response, cut.done_reason], [text.slice(0, 5), "stop"]);
});

Deno.test("an answer may be JSON of a schema", async () => {
  const format = {
    type: "object",
    properties: { answer: { enum: ["yes", "no"] } },
    required: ["answer"],
    additionalProperties: false,
  };
  const options = { temperature: 0, num_predict: 100 };
  const { message } = await ollama.chat({ ...HI, options, format });
  assert(["yes", "no"].includes(JSON.parse(message.content).answer));
});

Deno.test("calls are whole, and their results go back without ids", async () => {
  // Nothing forces this model to call, so the call is one that it could have made.
  const round = await ollama.chat({
    ...HI,
    tools: [WEATHER],
    messages: [
      ...HI.messages,
      {
        role: "assistant",
        content: "",
        tool_calls: [{
          function: { name: "get_weather", arguments: { city: "Bern" } },
        }],
      },
      { role: "tool", content: "Sunny.", tool_name: "get_weather" },
    ],
  });
  assertEquals(round.done_reason, "length");
});

Deno.test("an empty request only asks for the model", async () => {
  const chat = await ollama.chat({ model: ID, messages: [] });
  assertEquals([chat.done, chat.done_reason], [true, "load"]);
  const { done_reason } = await ollama.generate({ model: ID, prompt: "" });
  assertEquals(done_reason, "load");
});

Deno.test("Ollama's client throws the error of a request", async () => {
  await assertRejects(
    () => ollama.chat({ ...HI, model: "llama3" }),
    Error,
    "model must be one of tiny",
  );
  await assertRejects(
    () => ollama.chat({ ...HI, options: { mirostat: 1 } }),
    Error,
    "options.mirostat is not supported",
  );
  await assertRejects(
    () => ollama.delete({ model: ID }),
    Error,
    "Cannot delete a model",
  );
  const stranger = new Ollama({ host: server.url });
  await assertRejects(() => stranger.list(), Error, "an API key is required");
});
