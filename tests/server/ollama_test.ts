import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ChatResponse, Ollama, type Tool } from "ollama";
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

/** Returns the id of a text that is one token. */
async function tokenOf(content: string): Promise<number> {
  const response = await fetch(`${server.url}/tokenize`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": KEY },
    body: JSON.stringify({ model: TINY, content }),
  });
  const { tokens: [id, ...more] } = await response.json();
  assertEquals(more, []);
  return id;
}

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
        model: TINY,
        max_tokens: 24,
        seed: 7,
        temperature,
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
        model: ID,
        prompt: "Hi there",
        options,
      });
      assertEquals(response, whole.message.content);
    }
  }
});

Deno.test("a raw prompt is continued as by /v1/completions, whole and streamed", async () => {
  const openai = client(server).withOptions({ apiKey: KEY });
  const { choices: [{ text }] } = await openai.completions.create({
    model: TINY,
    prompt: "Once",
    max_tokens: 24,
    temperature: 0,
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

for (const stream of [false, true]) {
  const how = stream ? "streamed" : "whole";

  Deno.test(`the model calls a tool and gets its result without an id, ${how}`, async () => {
    // The answer is a word or calls: the first character of a call is made likely, and
    // the one between two calls unlikely.
    const format = { const: "no" };
    const [begin, between] = [await tokenOf("<"), await tokenOf("\n")];
    const logit_bias = { [begin]: 100, [between]: -100 };
    const options = { ...HI.options, num_predict: 200, ...{ logit_bias } };
    async function ask(fields: object): Promise<ChatResponse[]> {
      const asked = { ...HI, tools: [WEATHER], ...fields };
      if (!stream) return [await ollama.chat(asked)];
      return await Array.fromAsync(await ollama.chat({ ...asked, stream }));
    }
    const parts = await ask({ options, format });
    const calls = parts.flatMap(({ message }) => message.tool_calls ?? []);
    const [{ function: { name, arguments: { city } } }, ...more] = calls;
    assertEquals([name, more], ["get_weather", []]);
    assert(["Bern", "Rome"].includes(city), city);
    assertEquals(parts.map(({ message }) => message.content).join(""), "");
    assertEquals(parts.at(-1)!.done_reason, "stop");

    const result = { role: "tool", content: "Sunny.", tool_name: name };
    const asked = { role: "assistant", content: "", tool_calls: calls };
    const messages = [...HI.messages, asked, result];
    const answer = await ask({ messages });
    assert(answer.map(({ message }) => message.content).join(""));
    assertEquals(answer.at(-1)!.done_reason, "length");
  });
}

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
