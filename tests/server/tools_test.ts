import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { assert, assertEquals } from "@std/assert";
import { generateText, streamText, tool } from "ai";
import { Ajv } from "ajv";
import OpenAI from "openai";
import type { ChatCompletionMessageToolCall } from "openai/resources";
import { z } from "zod";
import { client, MODEL } from "./_client.ts";
import { type RunningServer, startServer } from "./_server.ts";

let server: RunningServer;
let openai: OpenAI;

Deno.test.beforeAll(async () => {
  server = await startServer({ CONTEXT: "2048" });
  openai = client(server);
});

Deno.test.afterAll(() => server[Symbol.asyncDispose]());

type Schema = Record<string, unknown>;

/** Tools of schemas with different features, and what a user may ask of them. */
const TOOLS: [question: string, name: string, parameters: Schema][] = [
  ["Will it rain in Bern tomorrow?", "get_weather", {
    type: "object",
    properties: {
      city: { type: "string", maxLength: 20, description: "Where." },
      unit: { enum: ["celsius", "fahrenheit"] },
    },
    required: ["city", "unit"],
  }],
  ["Add 17 and 25.", "add", {
    type: "object",
    properties: {
      numbers: {
        type: "array",
        items: { type: "integer", minimum: 0, maximum: 100 },
        minItems: 2,
        maxItems: 3,
      },
    },
    required: ["numbers"],
  }],
  ["Remind me to call Ann at nine.", "set_reminder", {
    type: "object",
    properties: {
      task: { $ref: "#/$defs/task" },
      hour: { anyOf: [{ type: "integer" }, { type: "null" }] },
      urgent: { type: "boolean" },
    },
    required: ["task", "hour", "urgent"],
    $defs: {
      task: {
        type: "object",
        properties: {
          title: { type: "string", pattern: "^[A-Z][a-z ]{1,20}$" },
        },
        required: ["title"],
        additionalProperties: false,
      },
    },
  }],
  ["What time is it?", "now", { type: "object", properties: {} }],
];

function asTool([, name, parameters]: typeof TOOLS[number]) {
  return { type: "function" as const, function: { name, parameters } };
}

const ajv = new Ajv({ strict: false });

/** Checks the names and the arguments of calls. */
function check(calls: ChatCompletionMessageToolCall[] = []): void {
  assert(calls.length > 0, "there is no call");
  for (const call of calls) {
    if (call.type !== "function") throw new TypeError("not a function");
    const { name, arguments: json } = call.function;
    const [, , schema] = TOOLS.find(([, known]) => known === name)!;
    assert(ajv.validate(schema, JSON.parse(json)), json);
  }
}

Deno.test("calls fit their schemas, and are the same with and without drafts", async () => {
  for (const [i, tool] of TOOLS.entries()) {
    const ask = async (draft: string) => {
      const { choices: [{ message, finish_reason }] } = await openai.chat
        .completions.create({
          model: MODEL,
          messages: [{ role: "user", content: tool[0] }],
          tools: TOOLS.map(asTool),
          tool_choice: i % 2 === 0
            ? "required"
            : { type: "function", function: { name: tool[1] } },
          parallel_tool_calls: false,
          temperature: i < 2 ? 0 : 0.8,
          seed: i,
          max_tokens: 100,
          ...{ draft },
        });
      const calls = message.tool_calls?.map((call) =>
        call.type === "function" && call.function
      );
      return { calls, finish_reason, message };
    };
    const drafted = await ask("auto");
    const plain = await ask("none");
    assertEquals(drafted.calls, plain.calls);
    assertEquals(plain.finish_reason, "tool_calls");
    assertEquals(plain.calls?.length, 1);
    check(plain.message.tool_calls);
  }
});

Deno.test("a streamed call is the call, and the first delta has its name", async () => {
  const ask = {
    model: MODEL,
    messages: [{ role: "user" as const, content: TOOLS[0][0] }],
    tools: TOOLS.map(asTool),
    tool_choice: "required" as const,
    parallel_tool_calls: false,
    temperature: 0,
    max_tokens: 100,
  };
  const whole = await openai.chat.completions.create(ask);
  const runner = openai.chat.completions.stream({ ...ask, stream: true });
  let deltas = 0;
  runner.on("tool_calls.function.arguments.delta", () => void deltas++);
  const streamed = await runner.finalChatCompletion();
  const made = ({ choices: [{ message }] }: OpenAI.ChatCompletion) =>
    message.tool_calls?.map((call) =>
      call.type === "function" && {
        name: call.function.name,
        arguments: call.function.arguments,
      }
    );
  assertEquals(made(streamed), made(whole));
  check(whole.choices[0].message.tool_calls);
  assert(deltas > 1);
});

Deno.test("an answer that may call is text or a call that fits", async () => {
  for (const [i, [content]] of TOOLS.slice(0, 2).entries()) {
    const { choices: [{ message, finish_reason }] } = await openai.chat
      .completions.create({
        model: MODEL,
        messages: [{ role: "user", content }],
        tools: TOOLS.map(asTool),
        temperature: 0.8,
        seed: i,
        max_tokens: 40,
      });
    if (finish_reason === "tool_calls") check(message.tool_calls);
    else assert(message.content);
  }
});

Deno.test("OpenAI's tools runner and Vercel's ai run their loops", async () => {
  let ran = 0;
  const runner = openai.chat.completions.runTools({
    model: MODEL,
    messages: [{ role: "user", content: TOOLS[3][0] }],
    tools: [{
      type: "function",
      function: {
        name: "now",
        description: "Returns the time.",
        parameters: { type: "object", properties: {} },
        function: () => {
          ran++;
          return "09:41";
        },
      },
    }],
    tool_choice: { type: "function", function: { name: "now" } },
    temperature: 0,
    max_tokens: 30,
  });
  await runner.done();
  assertEquals(ran, 1);

  const provider = createOpenAICompatible({
    name: "bita",
    baseURL: `${server.url}/v1`,
  });
  const ask = {
    model: provider(MODEL),
    prompt: TOOLS[3][0],
    temperature: 0,
    maxOutputTokens: 60,
    tools: {
      now: tool({
        description: "Returns the time.",
        inputSchema: z.object({ zone: z.enum(["UTC", "CET"]) }),
        execute: ({ zone }) => `09:41 ${zone}`,
      }),
    },
    prepareStep: ({ stepNumber }: { stepNumber: number }) => ({
      toolChoice: stepNumber === 0 ? "required" as const : "none" as const,
    }),
    stopWhen: ({ steps }: { steps: unknown[] }) => steps.length === 2,
  };
  const whole = await generateText(ask);
  assertEquals(whole.steps.length, 2);
  assert(whole.text);
  const streamed = streamText(ask);
  assertEquals(await streamed.text, whole.text);
});

Deno.test("the example of docs/tools.md works", async () => {
  const document = await Deno.readTextFile("docs/tools.md");
  const [, code] = document.match(/```ts\n(.+?)```/s)!;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    path,
    code.replace("http://127.0.0.1:8000", server.url) + "\nexport {};",
  );
  const args = ["run", "--check", "--allow-net", path];
  const { code: status, stdout, stderr } = await new Deno.Command(
    Deno.execPath(),
    { args },
  ).output();
  await Deno.remove(path);
  assertEquals(status, 0, new TextDecoder().decode(stderr));
  const [call, answer] = new TextDecoder().decode(stdout).split("\n");
  assert(call.startsWith("get_weather "), call);
  assert(answer.length > 0);
});
