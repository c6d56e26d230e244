import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ApiError } from "../../../lib/engine/errors.ts";
import { parseChatRequest } from "../../../lib/wire/openai/chat_request.ts";

const hi = { role: "user", content: "Hi" };
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
};
const weather = { name: "weather", description: "Looks up.", parameters };
const tools = [weather, { name: "time" }].map(asTool);

function asTool(tool: unknown) {
  return { type: "function", function: tool };
}

function named(name: unknown) {
  return asTool({ name });
}

function parse(fields: object) {
  const body = { model: "toy", messages: [hi], ...fields };
  return parseChatRequest(JSON.stringify(body), { randomSeed: () => 7 });
}

/** A call and its result. */
function exchange(call: object = {}, result: object = {}) {
  const time = { name: "time", arguments: "{}" };
  const made = { id: "call_1", ...asTool(time), ...call };
  return [
    hi,
    { role: "assistant", content: null, tool_calls: [made] },
    { role: "tool", tool_call_id: "call_1", content: "9:00", ...result },
  ];
}

Deno.test("parseChatRequest() reads tools and how they may be called", () => {
  const both = ["weather", "time"];
  const use = { callable: both, required: false, parallel: true };
  const rows: [object, object | undefined][] = [
    [{}, use],
    [{ tool_choice: null }, use],
    [{ tool_choice: "auto", parallel_tool_calls: false }, {
      ...use,
      parallel: false,
    }],
    [{ tool_choice: "required" }, { ...use, required: true }],
    [{ tool_choice: named("time") }, {
      callable: ["time"],
      required: true,
      parallel: false,
    }],
    [{
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [named("weather")] },
      },
    }, { callable: ["weather"], required: true, parallel: true }],
    [{ tool_choice: "none" }, undefined],
    [{ tools: [] }, undefined],
    [
      { tools: null, tool_choice: "auto", parallel_tool_calls: true },
      undefined,
    ],
    [{ tools: [], functions: [], function_call: "auto" }, undefined],
  ];
  for (const [fields, expected] of rows) {
    const { generation } = parse({ tools, ...fields });
    assertEquals(
      generation.tools,
      expected &&
        { tools: [weather, { name: "time" }], ...expected } as unknown,
    );
  }
});

Deno.test("parseChatRequest() reads calls and their results", () => {
  const { generation } = parse({ messages: exchange() });
  assertEquals(generation.prompt, {
    messages: [
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: "",
        toolCalls: [{ id: "call_1", name: "time", arguments: "{}" }],
      },
      { role: "tool", content: "9:00", toolCallId: "call_1" },
    ],
  });
  parse({ messages: exchange({ type: undefined }) });
});

/** What is laid over a good body, the parameter blamed, a part of the message. */
const rows: [fields: unknown, param: string, says: string][] = [
  [{ tools: {} }, "tools", "at most 128 tools: received an object"],
  [{ tools: Array(129).fill(named("f")) }, "tools", "received an array of 129"],
  [{ tools: ["f"] }, "tools[0]", 'with the type "function"'],
  [{ tools: [{ type: "custom" }] }, "tools[0].type", 'must be "function"'],
  [{ tools: [{ type: "function" }] }, "tools[0].function", "with a name"],
  [{ tools: [named("a b")] }, "tools[0].function.name", "1 to 64 letters"],
  [{ tools: [named("")] }, "tools[0].function.name", 'received ""'],
  [
    { tools: [named("a".repeat(65))] },
    "tools[0].function.name",
    "1 to 64 letters",
  ],
  [
    { tools: [named("f"), named("g"), named("f")] },
    "tools[2].function.name",
    'must be the name of no other tool: received "f"',
  ],
  [
    { tools: [asTool({ name: "f", description: 3 })] },
    "tools[0].function.description",
    "must be a string",
  ],
  [
    { tools: [asTool({ name: "f", parameters: "{}" })] },
    "tools[0].function.parameters",
    "a JSON schema of an object",
  ],
  [
    { tools: [asTool({ name: "f", parameters: { type: "string" } })] },
    "tools[0].function.parameters",
    "a JSON schema of an object",
  ],
  [
    { tools: [asTool({ name: "f", parameters: deep(65) })] },
    "tools[0].function.parameters",
    "at most 64 levels deep",
  ],
  [
    { tools: [asTool({ name: "f", strict: 1 })] },
    "tools[0].function.strict",
    "true or false",
  ],
  [{ tools, tool_choice: "any" }, "tool_choice", 'received "any"'],
  [{ tools, tool_choice: 1 }, "tool_choice", "name a function"],
  [{ tools, tool_choice: {} }, "tool_choice", "name a function"],
  [
    { tools, tool_choice: named("none") },
    "tool_choice.function.name",
    'one of the tools: received "none"',
  ],
  [
    { tool_choice: named("f") },
    "tool_choice.function.name",
    "one of the tools",
  ],
  [{ tool_choice: "required" }, "tool_choice", "absent where there are no"],
  [
    { tools, tool_choice: { type: "allowed_tools" } },
    "tool_choice.allowed_tools",
    "must have a mode",
  ],
  [
    {
      tools,
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [named("f")] },
      },
    },
    "tool_choice.allowed_tools.tools[0].function.name",
    "one of the tools",
  ],
  [{ parallel_tool_calls: "no" }, "parallel_tool_calls", "true or false"],
  [{ functions: [{ name: "f" }] }, "functions", "tools have replaced it"],
  [{ function_call: { name: "f" } }, "function_call", "tools have replaced it"],
  [
    { messages: [hi, { role: "tool", content: "9:00" }] },
    "messages[1].tool_call_id",
    "must be the id of a call in the assistant's message before",
  ],
  [
    { messages: exchange({}, { tool_call_id: "call_2" }) },
    "messages[2].tool_call_id",
    'received "call_2"',
  ],
  [
    { messages: exchange().slice(0, 2) },
    "messages[1].tool_calls",
    "a tool's message for each call",
  ],
  [
    { messages: [...exchange().slice(0, 2), hi, ...exchange().slice(2)] },
    "messages[1].tool_calls",
    "a tool's message for each call",
  ],
  [
    { messages: exchange({ id: "" }) },
    "messages[1].tool_calls[0].id",
    "1 to 256 characters",
  ],
  [
    { messages: exchange({ type: "custom" }) },
    "messages[1].tool_calls[0].type",
    'must be "function"',
  ],
  [
    { messages: exchange({ function: { name: "time", arguments: {} } }) },
    "messages[1].tool_calls[0].function.arguments",
    "a string of JSON: received an object",
  ],
  [
    { messages: exchange({}, { content: null }) },
    "messages[2].content",
    "received null",
  ],
];

Deno.test("parseChatRequest() names what is wrong about tools", async (t) => {
  for (const [fields, param, says] of rows) {
    await t.step(JSON.stringify(fields).slice(0, 120), () => {
      const error = assertThrows(() => parse(fields as object), ApiError);
      assertEquals([error.status, error.param], [400, param]);
      assertStringIncludes(error.message, says);
    });
  }
});

function deep(levels: number): object {
  return levels === 0 ? {} : { properties: deep(levels - 1) };
}
