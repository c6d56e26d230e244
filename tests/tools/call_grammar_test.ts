import { assertEquals } from "@std/assert";
import { Llguidance } from "../../lib/grammar/llguidance.ts";
import { callGrammar } from "../../lib/tools/call_grammar.ts";
import type { Tool } from "../../lib/tools/tool.ts";
import { GEMMA, LLAMA, type ToolFormat } from "../../lib/tools/tool_format.ts";
import { type Call, FORMATS, write as writeCalls } from "./_write.ts";

/** Tokens are bytes; 256 ends a text, and the next two are control tokens. */
const END = 256;
const CONTROLS = [
  ...["[TOOL_CALLS]", "[ARGS]", "<|python_tag|>"],
  ...GEMMA.controls,
];
const spelled = (text: string) =>
  Uint8Array.of(0xff, ...new TextEncoder().encode(text));
const engine = await Llguidance.open({
  tokens: [
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    ...["</s>", ...CONTROLS].map(spelled),
  ],
  end: END,
});

const tools: Tool[] = [
  {
    name: "add",
    parameters: {
      properties: {
        a: { type: "integer", description: "(((stop=" },
        description: { type: "string" },
      },
      required: ["a"],
      unknownKeyword: true,
    },
  },
  { name: "now" },
];

const SPELLED = new RegExp(`(${CONTROLS.map(RegExp.escape).join("|")})`);

interface Options {
  required?: boolean;
  parallel?: boolean;
  callable?: string[];
  answer?: string;
  /** Whether the vocabulary has control tokens. */
  controls?: boolean;
}

/** Returns `"whole"`, `"begun"`, or how many tokens of a text a grammar accepts. */
function accepts(format: ToolFormat, options: Options, text: string) {
  const { required = false, parallel = true, answer, controls } = options;
  const callable = options.callable ?? ["add", "now"];
  const grammar = callGrammar(
    { tools, callable, required, parallel },
    format,
    {
      control: (text) =>
        controls && CONTROLS.includes(text)
          ? END + 1 + CONTROLS.indexOf(text)
          : undefined,
      ...answer && { answer },
    },
  );
  using matcher = engine.compile("lark", grammar);
  const ids = controls
    ? text.split(SPELLED).flatMap((part) =>
      CONTROLS.includes(part)
        ? [END + 1 + CONTROLS.indexOf(part)]
        : [...new TextEncoder().encode(part)]
    )
    : [...new TextEncoder().encode(text)];
  for (const [i, id] of ids.entries()) {
    if (matcher.valid([id]) === 0) return i;
    matcher.consume(id);
  }
  return (matcher.mask()[END >>> 5] >>> (END & 31)) & 1 ? "whole" : "begun";
}

const write = (format: ToolFormat, ...calls: Call[]) =>
  writeCalls(format, calls);

for (const format of FORMATS) {
  const one = write(format, ["add", '{"a": 1, "description": "{<"}']);
  const two = write(format, ["add", '{"a": 1}'], ["now", "{}"]);
  const controls = format.controls.some((one) => CONTROLS.includes(one));
  const variants = controls ? [false, true] : [false];

  for (const controls of variants) {
    const how = controls ? ", by control tokens" : "";

    Deno.test(`${format.name}: calls are forced, or begin in free text${how}`, () => {
      const forced = { required: true, controls };
      const free = { controls };
      for (const options of [forced, free]) {
        assertEquals(accepts(format, options, one), "whole");
        assertEquals(accepts(format, options, two), "whole");
        const single = { ...options, parallel: false };
        assertEquals(accepts(format, single, one), "whole");
        assertEquals(typeof accepts(format, single, two), "number");
        const named = { ...options, callable: ["now"] };
        assertEquals(typeof accepts(format, named, one), "number");
        const wrong = write(format, ["add", '{"a": "x"}']);
        assertEquals(typeof accepts(format, options, wrong), "number");
        const invented = write(format, ["add", '{"a": 1, "b": 2}']);
        assertEquals(typeof accepts(format, options, invented), "number");
      }
      assertEquals(accepts(format, forced, "Hi"), 0);
      assertEquals(accepts(format, free, "Hi <tool [TOOL "), "whole");
      assertEquals(accepts(format, free, ""), "whole");
      if (!format.leading) {
        assertEquals(accepts(format, free, `Hi.\n${one}`), "whole");
      }
    });

    Deno.test(`${format.name}: an answer is JSON or calls${how}`, () => {
      const options = { answer: '%json {"type": "boolean"}', controls };
      assertEquals(accepts(format, options, "true"), "whole");
      assertEquals(accepts(format, options, one), "whole");
      assertEquals(accepts(format, options, "Hi"), 0);
    });
  }
}

Deno.test("a call of Llama may follow its tag", () => {
  const call = write(LLAMA, ["now", "{}"]);
  const tagged = `<|python_tag|>${call}`;
  assertEquals(accepts(LLAMA, { controls: true }, tagged), "whole");
  assertEquals(accepts(LLAMA, { controls: true }, "<|python_tag|>Hi"), 1);
});
