import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Message, Ollama } from "ollama";
import { createApp } from "../../routes/app.ts";
import { byteEngine } from "../engine/_byte_engine.ts";
import { toyEngine } from "../toy/engine.ts";
import { CALL, says } from "./_says.ts";
import { serve } from "./_serve.ts";

const tools = [{
  type: "function",
  function: {
    name: "add",
    description: "Adds.",
    parameters: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
    },
  },
}];

for (const stream of [false, true]) {
  const how = stream ? "as a stream" : "whole";

  Deno.test(`Ollama's client reads a call and sends its result, ${how}`, async () => {
    const decoder = says(CALL, "It is 42.");
    const engine = byteEngine(decoder, { context: 4096 });
    await using server = await serve({ engines: [engine] });
    const ollama = new Ollama({ host: server.url });
    const messages: Message[] = [{ role: "user", content: "What is 40 + 2?" }];
    async function ask(): Promise<Message> {
      const asked = { model: "toy", messages, tools };
      if (!stream) return (await ollama.chat(asked)).message;
      const whole: Message = { role: "assistant", content: "" };
      for await (const { message } of await ollama.chat({ ...asked, stream })) {
        whole.content += message.content;
        if (message.tool_calls) {
          (whole.tool_calls ??= []).push(...message.tool_calls);
        }
      }
      return whole;
    }
    const call = await ask();
    assertEquals(call, {
      role: "assistant",
      content: "Let me add.",
      tool_calls: [{ function: { name: "add", arguments: { a: 40, b: 2 } } }],
    });
    messages.push(call, { role: "tool", content: "42", tool_name: "add" });
    assertEquals((await ask()).content, "It is 42.");
  });
}

function ask(path: string, fields: object = {}): Promise<Response> {
  const pace = (word: number) => {
    if (word === 2) throw new RangeError("secret");
  };
  const app = createApp({ engines: [toyEngine({ pace })], logFailure() {} });
  const messages = [{ role: "user", content: "Hi" }];
  return Promise.resolve(app.request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model: "toy", messages, ...fields }),
  }));
}

Deno.test("a failure in mid-stream is a line of its own", async () => {
  const response = await ask("/api/chat");
  assertEquals(response.headers.get("content-type"), "application/x-ndjson");
  const lines = (await response.text()).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  const words = lines.slice(0, 2).map(({ message }) => message.content);
  assertEquals(words, ["The", " quick"]);
  assertEquals(lines.length, 3);
  assertMatch(lines[2].error, /^Cannot serve the request/);
});

Deno.test("each failure below /api has Ollama's body", async () => {
  const cases: [path: string, fields: object, status: number][] = [
    ["/api/chat", { model: "x" }, 404],
    ["/api/chat", { stream: false }, 500],
    ["/api/generate", { suffix: "x" }, 400],
    ["/api/show", {}, 200],
    ["/api/show", { model: "", name: "toy:latest" }, 200],
    ["/api/show", { model: "" }, 400],
    ["/api/pull", { model: "llama3" }, 404],
    ["/api/create", {}, 400],
    ["/api/tags", {}, 405],
    ["/api/none", {}, 404],
  ];
  for (const [path, fields, status] of cases) {
    const response = await ask(path, fields);
    const body = await response.json();
    assertEquals(response.status, status, path);
    if (status !== 200) {
      assertEquals(Object.keys(body), ["error"]);
      assert(typeof body.error === "string");
    }
  }
});
