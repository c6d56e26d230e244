import { assertEquals, assertThrows } from "@std/assert";
import { ApiError } from "../../../lib/engine/errors.ts";
import { toErrorBody } from "../../../lib/wire/anthropic/error_body.ts";
import {
  parseCountRequest,
  parseMessagesRequest,
} from "../../../lib/wire/anthropic/messages_request.ts";

const user = (content: unknown) => ({ role: "user", content });
const result = (tool_use_id: string, more: object = {}) => ({
  type: "tool_result",
  tool_use_id,
  ...more,
});
const call = { type: "tool_use", id: "t1", name: "add", input: { a: 1 } };
const add = { name: "add", input_schema: { type: "object" } };
const search = { type: "web_search_20250305", name: "web_search" };

function parse(fields: object = {}) {
  const body = { model: "toy", max_tokens: 9, messages: [user("Hi")] };
  return parseMessagesRequest(JSON.stringify({ ...body, ...fields }), {
    randomSeed: () => 5,
  });
}

Deno.test("parseMessagesRequest() reads a request", () => {
  const { model, stream, generation } = parse({
    system: "Be brief.",
    stop_sequences: ["END"],
    top_k: 3,
    stream: true,
    thinking: { type: "enabled", budget_tokens: 1024 },
    metadata: { user_id: "u" },
  });
  assertEquals([model, stream], ["toy", true]);
  assertEquals(generation.prompt, {
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
    ],
  });
  const { maxTokens, stop, sampling, tools } = generation;
  assertEquals([maxTokens, stop, tools], [9, ["END"], undefined]);
  assertEquals([sampling.topK, sampling.seed], [3, 5]);
});

Deno.test("parseMessagesRequest() leaves out the line that differs each time", () => {
  const header = "x-anthropic-billing-header: cc_version=2; cch=0f3;";
  const block = (text: string) => ({ type: "text", text });
  const systems = [
    [block(header), block("Be brief."), block(header)],
    [block(`${header}\nBe brief.`), block(header)],
    `${header}\n\nBe brief.\n${header}`,
  ];
  for (const system of systems) {
    const { prompt } = parse({ system }).generation;
    assertEquals(prompt, {
      messages: [
        { role: "system", content: `Be brief.\n${header}` },
        { role: "user", content: "Hi" },
      ],
    });
  }
  const { prompt } = parse({ system: [block(header)] }).generation;
  assertEquals(prompt, { messages: [{ role: "user", content: "Hi" }] });
});

Deno.test("parseMessagesRequest() reads calls, results and thoughts", () => {
  const { prompt } = parse({
    messages: [
      user([{ type: "text", text: "1 + 1?" }, { type: "text", text: "Now." }]),
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "s" },
          { type: "text", text: "Let me add." },
          call,
        ],
      },
      user([
        { type: "text", text: "So?" },
        result("t1", { content: [{ type: "text", text: "2" }] }),
      ]),
    ],
  }).generation;
  assertEquals(prompt, {
    messages: [
      { role: "user", content: "1 + 1?\nNow." },
      {
        role: "assistant",
        content: "Let me add.",
        toolCalls: [{ id: "t1", name: "add", arguments: '{"a":1}' }],
      },
      { role: "tool", content: "2", toolCallId: "t1" },
      { role: "user", content: "So?" },
    ],
  });
});

Deno.test("parseMessagesRequest() goes on with an assistant's text", () => {
  const ending = (content: unknown) => {
    const messages = [user("Hi"), { role: "assistant", content }];
    const { prompt } = parse({ messages }).generation;
    return "messages" in prompt && prompt.ending;
  };
  assertEquals(ending("The answer is"), "text");
  assertEquals(ending([]), undefined);
});

Deno.test("parseMessagesRequest() reads which tools may be called", () => {
  const tools = [search, add, { ...add, name: "sub", strict: true }];
  const both = ["add", "sub"];
  const cases: [object, string[], boolean, boolean][] = [
    [{}, both, false, true],
    [{ type: "auto", disable_parallel_tool_use: true }, both, false, false],
    [{ type: "any" }, both, true, true],
    [{ type: "tool", name: "sub" }, ["sub"], true, false],
  ];
  for (const [choice, callable, required, parallel] of cases) {
    const tool_choice = "type" in choice ? choice : undefined;
    assertEquals(parse({ tools, tool_choice }).generation.tools, {
      tools: [
        { name: "add", parameters: { type: "object" } },
        { name: "sub", parameters: { type: "object" }, strict: true },
      ],
      callable,
      required,
      parallel,
    });
  }
  const none = { tools, tool_choice: { type: "none" } };
  assertEquals(parse(none).generation.tools, undefined);
  assertEquals(parse({ tools: [search] }).generation.tools, undefined);
});

Deno.test("parseMessagesRequest() reads the form of the answer and how long the prompt is kept", () => {
  const schema = { type: "object" };
  const format = { type: "json_schema", schema };
  for (
    const [fields, param] of [
      [{ output_config: { format } }, "output_config.format.schema"],
      [{ output_format: format }, "output_format.schema"],
    ] as const
  ) {
    const { grammar, grammarParam } = parse(fields).generation;
    assertEquals(grammar, { type: "json_schema", schema });
    assertEquals(grammarParam, param);
  }
  const marked = (ttl?: string) =>
    parse({
      tools: [{ ...add, cache_control: { type: "ephemeral", ttl } }],
    }).generation.cache.retention;
  assertEquals([marked(), marked("5m"), marked("1h")], [
    undefined,
    undefined,
    "24h",
  ]);
});

Deno.test("parseMessagesRequest() names what is wrong", () => {
  const cases: [fields: object, param: string][] = [
    [{ max_tokens: undefined }, "max_tokens"],
    [{ max_tokens: 1.5 }, "max_tokens"],
    [{ messages: [] }, "messages"],
    [{ messages: "Hi" }, "messages"],
    [{ messages: [user(3)] }, "messages[0].content"],
    [{ messages: [{ role: "tool", content: "" }] }, "messages[0].role"],
    [{ messages: [user([{ type: "image" }])] }, "messages[0].content[0].type"],
    [{ messages: [user([3])] }, "messages[0].content[0]"],
    [{ messages: [user([{ type: "text" }])] }, "messages[0].content[0].text"],
    [{ messages: [user([call])] }, "messages[0].content"],
    [{ messages: [user([result("t1")])] }, "messages[0].content"],
    [
      { messages: [user("a"), { role: "assistant", content: [result("t1")] }] },
      "messages[1].content",
    ],
    [
      {
        messages: [
          user("a"),
          { role: "assistant", content: [call] },
          user("b"),
        ],
      },
      "messages[1].content",
    ],
    [{ system: 3 }, "system"],
    [{ system: [{ type: "image" }] }, "system[0].type"],
    [{ tools: [{ type: {} }] }, "tools[0].type"],
    [{ tools: [{ name: "a b", input_schema: {} }] }, "tools[0].name"],
    [{ tools: [{ name: "a" }] }, "tools[0].input_schema"],
    [{ tools: [search, add, add] }, "tools[2].name"],
    [{ tools: [add], tool_choice: { type: "x" } }, "tool_choice.type"],
    [{ tool_choice: { type: "any" } }, "tool_choice"],
    [
      { tools: [add], tool_choice: { type: "tool", name: "sub" } },
      "tool_choice.name",
    ],
    [{ cache_control: { type: "ephemeral", ttl: "2h" } }, "cache_control.ttl"],
    [
      { output_config: { format: { type: "xml" } } },
      "output_config.format.type",
    ],
    [{ temperature: 3 }, "temperature"],
  ];
  for (const [fields, param] of cases) {
    const error = assertThrows(() => parse(fields), ApiError);
    assertEquals([error.status, error.param], [400, param]);
  }
});

Deno.test("parseCountRequest() reads a prompt without max_tokens", () => {
  const body = { model: "toy", system: "S", messages: [user("Hi")] };
  const { model, prompt } = parseCountRequest(JSON.stringify(body));
  assertEquals(model, "toy");
  assertEquals("messages" in prompt && prompt.messages.length, 2);
});

Deno.test("parseMessagesRequest() refuses threads by the code that clients know", () => {
  const thread = { type: "create" };
  const error = assertThrows(() => parse({ thread }), ApiError);
  const { details } = toErrorBody(error).error as { details?: unknown };
  assertEquals(details, {
    error_code: "thread_unsupported_request",
    unsupported: ["thread"],
  });
  parse({ thread: null });
});
