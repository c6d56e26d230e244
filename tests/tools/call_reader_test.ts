import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { CallReader } from "../../lib/tools/call_reader.ts";
import type { ToolPart } from "../../lib/tools/tool.ts";
import {
  GEMMA,
  HERMES,
  LLAMA,
  MISTRAL,
  MISTRAL_ARGS,
  QWEN_CODER,
  type ToolFormat,
} from "../../lib/tools/tool_format.ts";
import { type Call, FORMATS, JSON_FORMATS, write } from "./_write.ts";

const NAMES = ["add", "get_weather"];
const TOOLS = NAMES.map((name) => ({ name }));

/** Reads an answer that arrives in pieces; parts that go on are joined. */
function read(format: ToolFormat, pieces: string[]): ToolPart[] {
  const reader = new CallReader(format, TOOLS);
  const parts = [...pieces.flatMap((p) => reader.push(p)), ...reader.flush()];
  return parts.reduce<ToolPart[]>((joined, part) => {
    const last = joined.at(-1);
    if (part.type === "call" || last?.type !== part.type) {
      return [...joined, part];
    }
    return [...joined.slice(0, -1), { ...part, text: last.text + part.text }];
  }, []);
}

/** The parts of calls. */
function parts(calls: Call[]): ToolPart[] {
  return calls.flatMap(([name, text]) => [
    { type: "call" as const, name },
    { type: "arguments" as const, text },
  ]);
}

const text = (text: string): ToolPart => ({ type: "text", text });

const call = fc.tuple(
  fc.constantFrom(...NAMES),
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }))
    .map((value) => JSON.stringify(value)),
);
const calls = fc.array(call, { minLength: 1, maxLength: 3 });

/** Pieces that make up a text of one's choice. */
const cuts = fc.array(fc.nat(), { maxLength: 20 });

function cut(text: string, at: number[]): string[] {
  const places = at.map((n) => n % (text.length + 1)).sort((a, b) => a - b);
  return [...places, text.length].map((end, i) =>
    text.slice(places[i - 1] ?? 0, end)
  );
}

for (const format of JSON_FORMATS) {
  Deno.test(`${format.name}: calls are read however they are split`, () => {
    fc.assert(
      fc.property(calls, cuts, (calls, at) => {
        const answer = write(format, calls);
        assertEquals(read(format, cut(answer, at)), parts(calls));
      }),
    );
  });
}

for (const format of FORMATS) {
  Deno.test(`${format.name}: any text reads the same however it is split`, () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...["<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "; "],
        ...['{"name": "add", "arguments": ', '{"name": "no", "arguments": '],
        ...['{"name": "add", "parameters": ', "{}", "}", "]", "[", "{", "\n"],
        ...["<tool_call>\n<function=add>\n", "</function>\n</tool_call>"],
        ...["<parameter=a>", "</parameter>", "</function>", "<parameter="],
        ...["<start_function_call>call:add", "<escape>", "a:", ",", "1"],
        ...["<end_function_call>", "<start_function_response>"],
        ...["add", "<tool", "[TOOL", ", ", " ", "text"],
      ),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), cuts, (pieces, at) => {
        const answer = pieces.join("");
        const whole = read(format, [answer]);
        assertEquals(read(format, cut(answer, at)), whole);
        assertEquals(read(format, [...answer]), whole);
        if (whole.every(({ type }) => type === "text")) {
          assertEquals(whole, answer === "" ? [] : [text(answer)]);
        }
      }),
      { numRuns: 500 },
    );
  });
}

Deno.test("text before a call is text, and white space beside it is nothing", () => {
  const answer = `Let me see.\n\n${write(HERMES, [["add", '{"a": 1}']])}\nSo.`;
  assertEquals(read(HERMES, [answer]), [
    text("Let me see."),
    ...parts([["add", '{"a": 1}']]),
    text("So."),
  ]);
});

Deno.test("text is held back only while it may begin a call", () => {
  const reader = new CallReader(HERMES, TOOLS);
  assertEquals(reader.push("a < b <tool"), [text("a < b")]);
  assertEquals(reader.push("box>"), [text(" <toolbox>")]);
  assertEquals(reader.push('<tool_call>{"name":"add","arguments":'), []);
  assertEquals(reader.push('{"a'), [
    { type: "call", name: "add" },
    { type: "arguments", text: '{"a' },
  ]);
  assertEquals(reader.push('":"}\\"'), [
    { type: "arguments", text: '":"}\\"' },
  ]);
  assertEquals(reader.push('"}}</tool_'), [
    { type: "arguments", text: '"}' },
  ]);
  assertEquals(reader.flush(), [text("</tool_")]);
});

Deno.test("a call that is not well-formed is text", () => {
  const broken: [ToolFormat, string][] = [
    [HERMES, '<tool_call>\n{"name": "other", "arguments": {}}\n</tool_call>'],
    [HERMES, '<tool_call>\n{"name": "add"}\n</tool_call>'],
    [HERMES, '<tool_call>\n{"name": "add", "arguments": 3}\n</tool_call>'],
    [HERMES, '<tool_call>\n{"name": "add", "argu'],
    [LLAMA, 'I say {"name": "add", "parameters": {}}'],
    [LLAMA, '{"name": "add", "parameters": null}'],
    [MISTRAL, '[TOOL_CALLS] {"name": "add", "arguments": {}}'],
    [MISTRAL_ARGS, "[TOOL_CALLS]add{}"],
    [QWEN_CODER, "<tool_call>\n<function=other>\n</function>\n</tool_call>"],
    [QWEN_CODER, "<function=add>\n</function>"],
    [GEMMA, "<start_function_call>call:other{}<end_function_call>"],
    [GEMMA, "<start_function_call>add{}<end_function_call>"],
  ];
  for (const [format, answer] of broken) {
    assertEquals(read(format, [answer]), [text(answer)]);
  }
});
