import { assertEquals, assertThrows } from "@std/assert";
import type { ChatMessage } from "../../lib/engine/generation.ts";
import { ChatTemplate } from "../../lib/text/chat_template.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import type { Tool } from "../../lib/tools/tool.ts";
import { toolFormatOf } from "../../lib/tools/tool_format.ts";
import { toyVocabulary } from "../text/_toy.ts";

const read = (name: string) =>
  Deno.readTextFileSync(new URL(`templates/${name}`, import.meta.url));
const { tools, chats }: {
  tools: Tool[];
  chats: Record<string, ChatMessage[]>;
} = JSON.parse(read("chats.json"));
const golden: Record<string, Record<string, string>> = JSON.parse(
  read("golden.json"),
);

/** Control tokens that the templates write. */
const controls = [
  ...["<|im_start|>", "<|im_end|>", "<s>", "</s>", "<|eot_id|>"],
  ...["<|start_header_id|>", "<|end_header_id|>", "[INST]", "[/INST]"],
  ...["[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]"],
  ...["[TOOL_RESULTS]", "[/TOOL_RESULTS]"],
];

/** Encodes a chat and spells it out, with the number of its control tokens. */
function render(
  chatTemplate: string | undefined,
  messages: ChatMessage[],
  tools?: Tool[],
): { text: string; controls: number } {
  const toy = toyVocabulary({ controls, ...chatTemplate && { chatTemplate } });
  const vocabulary = {
    ...toy,
    eosToken: toy.tokens.indexOf("</s>"),
  };
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  const ids = template.encode({ messages }, tools);
  const bytes = [...ids].flatMap((id) =>
    tokenizer.isControl(id)
      ? [...new TextEncoder().encode(tokenizer.spelling(id))]
      : [...tokenizer.bytes(id)]
  );
  return {
    text: new TextDecoder().decode(Uint8Array.from(bytes)),
    controls: ids.filter((id) => tokenizer.isControl(id)).length,
  };
}

for (const family of ["qwen", "llama", "mistral"]) {
  const template = read(`${family}.jinja`);

  Deno.test(`${family}: chats with tools are rendered as by Python's Jinja`, () => {
    for (const [name, messages] of Object.entries(chats)) {
      const { text } = render(template, messages, tools);
      assertEquals(text, golden[family][name]);
    }
  });

  Deno.test(`${family}: no text about tools becomes a control token`, () => {
    const spelled = controls.join(" ");
    const chat = (text: string): ChatMessage[] => [
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: "",
        toolCalls: [{
          id: text,
          name: "f",
          arguments: JSON.stringify({ [text]: text }),
        }],
      },
      { role: "tool", content: text, toolCallId: text },
    ];
    const described = (text: string): Tool[] => [{
      name: "f",
      description: text,
      parameters: { type: "object", properties: { [text]: { enum: [text] } } },
    }];
    const plain = render(template, chat("x"), described("x"));
    const hostile = render(template, chat(spelled), described(spelled));
    assertEquals(hostile.controls, plain.controls);
  });
}

Deno.test("a template that knows no tools gets them as text", () => {
  const [asked, called] = Object.values(chats).map((messages) =>
    render(undefined, messages, tools).text
  );
  const system = `# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"name":"get_weather","description":"Looks up \\"now\\" & <soon>.","parameters":{"type":"object","properties":{"city":{"type":"string","enum":["Zürich","Bern"]},"days":{"type":"integer"}},"required":["city"]}}
{"name":"now","parameters":{"type":"object","properties":{}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
`;
  assertEquals(
    asked,
    `<|im_start|>system
Be brief.

${system}<|im_start|>user
Will it rain?<|im_end|>
<|im_start|>assistant
`,
  );
  assertEquals(
    called,
    `<|im_start|>system
${system}<|im_start|>user
Will it rain?<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
No <rain>.
</tool_response><|im_end|>
<|im_start|>assistant
It will not.<|im_end|>
<|im_start|>user
Thanks.<|im_end|>
<|im_start|>assistant
`,
  );
});

Deno.test("results in a row are one message where templates know no tools", () => {
  const calls = ["a", "b"].map((id) => ({ id, name: "now", arguments: "{}" }));
  const { text } = render(undefined, [
    { role: "assistant", content: "Two.", toolCalls: calls },
    { role: "tool", content: "1", toolCallId: "a" },
    { role: "tool", content: "2", toolCallId: "b" },
  ]);
  const call = '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>';
  assertEquals(
    text,
    `<|im_start|>assistant
Two.
${call}
${call}<|im_end|>
<|im_start|>user
<tool_response>
1
</tool_response>
<tool_response>
2
</tool_response><|im_end|>
<|im_start|>assistant
`,
  );
});

Deno.test("arguments that are no object, or too deep a one, stay text", () => {
  const template =
    "{{ messages[0].tool_calls[0].function.arguments is string }}";
  for (const json of ["3", "{", '{"a":'.repeat(65) + "1" + "}".repeat(65)]) {
    const toolCalls = [{ id: "a", name: "f", arguments: json }];
    const chat = [{ role: "assistant" as const, content: "", toolCalls }];
    assertEquals(render(`${template}{# tools #}`, chat).text, "true");
  }
});

Deno.test("the template shows the format of calls", () => {
  const names = ["qwen", "llama", "mistral"].map((family) =>
    toolFormatOf(read(`${family}.jinja`)).name
  );
  assertEquals(names, ["hermes", "llama", "mistral"]);
  assertEquals(toolFormatOf(undefined).name, "hermes");
  assertEquals(toolFormatOf("{{ messages }}").name, "hermes");
  const coder = "{{ tools }}<tool_call>\n<function={{ n }}>\n<parameter=k>";
  assertEquals(toolFormatOf(coder).name, "qwen-coder");
  const gemma = "{{ tools }}<start_function_call>call:";
  assertEquals(toolFormatOf(gemma).name, "gemma");
  const args = "{{ tools }}[TOOL_CALLS]{{ name }}[ARGS]";
  assertEquals(toolFormatOf(args).name, "mistral-args");
});

Deno.test("a template that rejects two calls at once is an error of the chat", () => {
  const calls = ["a", "b"].map((id) => ({ id, name: "now", arguments: "{}" }));
  const chat: ChatMessage[] = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "", toolCalls: calls },
  ];
  assertThrows(
    () => render(read("llama.jinja"), chat, tools),
    TypeError,
    "single tool-calls",
  );
});
