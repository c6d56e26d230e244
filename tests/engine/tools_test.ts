import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import type { GenerationRequest } from "../../lib/engine/generation.ts";
import type { Grammar } from "../../lib/grammar/grammar.ts";
import type { Tool, ToolUse } from "../../lib/tools/tool.ts";
import { parseChatRequest } from "../../lib/wire/openai/chat_request.ts";
import { type ToyDecoder, toyDecoder } from "../toy/decoder.ts";
import { byteEngine, END, utf8 } from "./_byte_engine.ts";

const CALL =
  '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>';

const tools: ToolUse = {
  tools: [{ name: "add" }],
  callable: ["add"],
  required: false,
  parallel: true,
};

async function run(decoder: ToyDecoder, fields: Partial<GenerationRequest>) {
  const { generation } = parseChatRequest(
    JSON.stringify({ messages: [{ role: "user", content: "Hi" }], model: "x" }),
    { randomSeed: () => 0 },
  );
  const events = await Array.fromAsync(
    byteEngine(decoder, { context: 2048 }).generate(
      { ...generation, ...fields },
      { signal: new AbortController().signal },
    ),
  );
  const texts = events.flatMap((e) => e.type === "text" ? [e] : []);
  const end = events.at(-1);
  return {
    events,
    text: texts.map(({ text }) => text).join(""),
    calls: texts.flatMap(({ calls = [] }) => calls),
    finish: end?.type === "end" && end.finishReason,
  };
}

const says = (text: string, output = 5) =>
  toyDecoder([...utf8(text), END], { output });

Deno.test("createEngine() splits an answer into text and calls", async () => {
  const { text, calls, finish } = await run(
    says(`Well.\n${CALL}\n${CALL}`, 1000),
    { tools },
  );
  assertEquals(text, "Well.");
  assertEquals(calls, [
    { type: "call", name: "add", index: 0 },
    { type: "arguments", text: '{"a": 1}', index: 0 },
    { type: "call", name: "add", index: 1 },
    { type: "arguments", text: '{"a": 1}', index: 1 },
  ]);
  assertEquals(finish, "stop");
});

Deno.test("createEngine() leaves calls in the text where no tools are", async () => {
  const { text, calls } = await run(says(CALL), {});
  assertEquals([text, calls], [CALL, []]);
});

Deno.test("createEngine() shows what a limit leaves of a call", async () => {
  const head = await run(says(CALL), { tools, maxTokens: 20 });
  assertEquals(head.text, CALL.slice(0, 20));
  assertEquals(head.finish, "length");
});

Deno.test("createEngine() looks for stop strings outside of calls", async () => {
  const answer = `So 1 + 1.\n${CALL}\n${CALL}\nDone.`;
  for (const output of [1, 5, 1000]) {
    const stopped = async (...stop: string[]) => {
      const { text, calls, finish } = await run(says(answer, output), {
        tools,
        stop,
        logprobs: 0,
      });
      const made = calls.flatMap((part) =>
        part.type === "arguments" ? part.text : []
      );
      return [text, made.join(""), finish];
    };
    const made = '{"a": 1}{"a": 1}';
    assertEquals(await stopped("a", "}", "\n<tool"), [
      "So 1 + 1.Done.",
      made,
      "stop",
    ]);
    assertEquals(await stopped(" + 1!", "+ 1"), ["So 1 ", "", "stop"]);
    assertEquals(await stopped(".D", ".\n"), ["So 1 + 1.Done.", made, "stop"]);
    assertEquals(await stopped("ne"), ["So 1 + 1.Do", made, "stop"]);
  }
});

Deno.test("createEngine() scores the tokens of text and calls, up to a stop string", async () => {
  const answer = `So 1.\n${CALL}\nDone.`;
  for (const [stop, scored] of [["ne", "Done."], ["1", "So 1."]]) {
    const { events } = await run(says(answer, 3), {
      tools,
      stop: [stop],
      logprobs: 0,
    });
    const bytes = events.flatMap((event) =>
      event.type === "text" ? event.tokens ?? [] : []
    ).flatMap(({ bytes }) => [...bytes]);
    const end = answer.indexOf(scored) + scored.indexOf(stop);
    assertEquals(
      new TextDecoder().decode(Uint8Array.from(bytes)),
      answer.slice(0, end),
    );
  }
});

Deno.test("createEngine() traces the passes of a call as they were", async () => {
  const { events } = await run(says(CALL), { tools, draftTrace: true });
  const tokens = events.flatMap((event) =>
    event.type === "text" ? event.pass?.tokens ?? [] : []
  );
  assertEquals(tokens.map(({ text }) => text).join(""), CALL);
});

/** Returns the grammar that a request is decoded with. */
async function grammarOf(fields: Partial<GenerationRequest>) {
  const decoder = says("x");
  await run(decoder, fields);
  const { grammar } = decoder.requests[0];
  return grammar?.type === "lark" ? grammar.grammar : undefined;
}

Deno.test("createEngine() joins tools and the request's grammar", async () => {
  assertEquals(await grammarOf({}), undefined);
  const schema = { type: "object", title: "answer" };
  const json: Grammar = { type: "json_schema", schema };
  const auto = await grammarOf({ tools, grammar: json });
  const answer = 'answer: %json {"type":"object"';
  assert(auto!.includes(`${answer},"title":"answer"`));
  const object = await grammarOf({ tools, grammar: { type: "json_object" } });
  assert(object!.includes(answer));
  const forced = await grammarOf({
    tools: { ...tools, required: true },
    grammar: json,
  });
  assert(!forced!.includes("answer"));
  const error = await assertRejects(
    () => run(says("x"), { tools, grammar: { type: "regex", regex: "a" } }),
    ApiError,
    "with tools, the answer must be text or JSON",
  );
  assertEquals([error.status, error.param], [400, "tools"]);
});

Deno.test("createEngine() names the tool whose schema is refused", async () => {
  const error = async (tool: Tool) =>
    await assertRejects(
      () =>
        run(says("x"), {
          tools: { ...tools, tools: [{ name: "add" }, tool] },
        }),
      ApiError,
    );
  const parameters = { properties: { a: { contains: { type: "null" } } } };
  const strict = await error({ name: "f", parameters, strict: true });
  assertEquals(strict.param, "tools[1].function.parameters");
  assertStringIncludes(strict.message, "at #/properties/a");
  await run(says("x"), {
    tools: { ...tools, tools: [{ name: "add" }, { name: "f", parameters }] },
  });
  const callable = ["add", "f"];
  const broken = { properties: { a: { $ref: "#/gone" } } };
  const loose = await assertRejects(
    () =>
      run(says("x"), {
        tools: {
          ...tools,
          callable,
          tools: [{ name: "add" }, { name: "f", parameters: broken }],
        },
      }),
    ApiError,
  );
  assertEquals([loose.status, loose.param], [400, "tools"]);
});
