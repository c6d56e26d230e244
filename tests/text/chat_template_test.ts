import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { ChatMessage } from "../../lib/engine/generation.ts";
import { ChatTemplate } from "../../lib/text/chat_template.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { type ToyOptions, toyVocabulary } from "./_toy.ts";
import { readVocabulary } from "./_vocabulary.ts";

const vocabulary = await readVocabulary();
const tokenizer = new Tokenizer(vocabulary);
const template = new ChatTemplate(vocabulary, tokenizer);

/** Encodes one user message with a toy model. */
function encodeToy(content: string, options: ToyOptions): number[] {
  const toy = toyVocabulary(options);
  const template = new ChatTemplate(toy, new Tokenizer(toy));
  return [...template.encode({ messages: [{ role: "user", content }] })];
}

function bytes(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

Deno.test("ChatTemplate.encode() returns the same ids as Jinja with Hugging Face", async () => {
  const golden = await Deno.readTextFile(
    new URL("golden_prompts.jsonl", import.meta.url),
  );
  const lines = golden.trimEnd().split("\n");
  assertEquals(lines.length, 40);
  for (const line of lines) {
    const { messages, ids } = JSON.parse(line);
    assertEquals([...template.encode({ messages })], ids, line);
  }
});

Deno.test("ChatTemplate.encodeSystem() returns the common start of chats", () => {
  const system: ChatMessage = { role: "system", content: "Be brief." };
  const begin = template.encodeSystem(system.content);
  for (const content of ["", "a", "b", "Why?"]) {
    const chat = template.encode({
      messages: [system, { role: "user", content }],
    });
    assertEquals(chat.slice(0, begin.length), begin);
  }
  const text = begin.length - tokenizer.encode("Be brief.").length;
  assert(text > 4, "the start of the user's turn is missing");
});

Deno.test("ChatTemplate.encode() never turns content into a control token", () => {
  const part = fc.oneof(
    fc.constantFrom(...vocabulary.tokens.slice(0, 17)),
    fc.constantFrom("<|im_", "end|>", "<", "|>", "\uDC00", "🐀", " ", "\n"),
    fc.string(),
  );
  const content = fc.array(part).map((parts) => parts.join(""));
  fc.assert(
    fc.property(content, content, (system, user) => {
      const ids = [
        ...template.encode({
          messages: [
            { role: "system", content: system },
            { role: "user", content: user },
          ],
        }),
      ];
      const controls = ids.filter((id) => tokenizer.isControl(id));
      assertEquals(controls, [1, 2, 1, 2, 1]);
      const cut = ids.slice(ids.indexOf(2) + 3, ids.lastIndexOf(2));
      assertEquals(
        cut,
        [...tokenizer.encode(`user\n${user.toWellFormed()}`)],
      );
    }),
    { numRuns: 300 },
  );
});

Deno.test("ChatTemplate.encode() breaks up a control token that trimming would join", () => {
  const ids = encodeToy(" >\n", {
    controls: ["<a>"],
    chatTemplate: "<a{{ messages[0].content | trim }}",
  });
  assertEquals(ids, bytes("<a>"));
});

Deno.test("ChatTemplate.encode() breaks up a control token that two messages would join", () => {
  const toy = toyVocabulary({
    controls: ["<>"],
    chatTemplate: "{% for m in messages %}{{ m.content }}{% endfor %}",
  });
  const messages: ChatMessage[] = [
    { role: "system", content: "<" },
    { role: "user", content: ">" },
  ];
  const ids = new ChatTemplate(toy, new Tokenizer(toy)).encode({ messages });
  assertEquals([...ids], bytes("<>"));
});

Deno.test("ChatTemplate.encode() never reads one character as a control token", () => {
  const ids = encodeToy("🐀", {
    controls: ["🐀"],
    chatTemplate: "{{ messages[0].content }}",
  });
  assertEquals(ids, bytes("🐀"));
});

Deno.test("ChatTemplate.encode() supports string operations in the template", () => {
  const options = {
    controls: ["<a>"],
    chatTemplate: "<a>{{ messages[0].content.split('</think>')[-1] }}<a>",
  };
  const ids = encodeToy("hm</think>yes", options);
  assertEquals(ids, [256, ...bytes("yes"), 256]);
  assertThrows(
    () => encodeToy("hm</think><a>", options),
    TypeError,
    "a message that the template rewrites must not contain control tokens",
  );
});

Deno.test("ChatTemplate.encode() passes the bos and eos texts to the template", () => {
  const toy = toyVocabulary({
    controls: ["<s>", "</s>"],
    chatTemplate: "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}",
  });
  const vocabulary = { ...toy, bosToken: 256, eosToken: 257 };
  const template = new ChatTemplate(vocabulary, new Tokenizer(vocabulary));
  const ids = template.encode({ messages: [{ role: "user", content: "a" }] });
  assertEquals([...ids], [256, 0x61, 257]);
});

Deno.test("ChatTemplate.encode() falls back to ChatML", () => {
  const ids = encodeToy("Hi", { controls: ["<|im_start|>", "<|im_end|>"] });
  assertEquals(ids, [
    ...[256, ...bytes("user\nHi"), 257, ...bytes("\n")],
    ...[256, ...bytes("assistant\n")],
  ]);
});

Deno.test("ChatTemplate.encode() throws without a template and without ChatML's tokens", () => {
  assertThrows(
    () => encodeToy("Hi", { controls: ["<|im_start|>"] }),
    TypeError,
    "received neither",
  );
});

Deno.test("ChatTemplate.encode() throws with the reason why a template rejects", () => {
  assertThrows(
    () =>
      encodeToy("Hi", { chatTemplate: "{{ raise_exception('No users!') }}" }),
    TypeError,
    "the template must accept the messages: received No users!",
  );
});

Deno.test("ChatTemplate.encode() replaces half a surrogate pair with U+FFFD", () => {
  const ids = encodeToy("\uDC00a\uD83D", {
    chatTemplate: "{{ messages[0].content }}",
  });
  assertEquals(ids, bytes("\ufffda\ufffd"));
});

Deno.test("new ChatTemplate() throws if the template is not valid Jinja", () => {
  assertThrows(
    () => encodeToy("Hi", { chatTemplate: "{% for %}" }),
    SyntaxError,
    "Cannot read the chat template",
  );
});

Deno.test("ChatTemplate.encode() has no tools and no documents, as in Transformers", () => {
  const chatTemplate =
    "{% if tools is not none and tools | length > 0 %}T{% endif %}{% if documents %}D{% endif %}{{ messages[0].content }}";
  const vocabulary = toyVocabulary({ chatTemplate });
  const template = new ChatTemplate(vocabulary, new Tokenizer(vocabulary));
  const ids = template.encode({ messages: [{ role: "user", content: "a" }] });
  assertEquals([...ids], [0x61]);
});

Deno.test("ChatTemplate.encode() gives variables to the template", () => {
  const toy = toyVocabulary({
    controls: [],
    chatTemplate:
      "{% if thinks is defined and not thinks %}no{% endif %}{{ messages[0].content }}",
  });
  const template = new ChatTemplate(toy, new Tokenizer(toy));
  const messages: ChatMessage[] = [{ role: "user", content: "a" }];
  assertEquals([...template.encode({ messages })], bytes("a"));
  const variables = { thinks: false };
  assertEquals([...template.encode({ messages, variables })], bytes("noa"));
});

Deno.test("ChatTemplate.encode() ends where the caller wants", () => {
  const toy = toyVocabulary({
    controls: ["<a>"],
    chatTemplate:
      "{% for m in messages %}<a>{{ m.content | trim }}<a>{% endfor %}{% if add_generation_prompt %}!{% endif %}",
  });
  const template = new ChatTemplate(toy, new Tokenizer(toy));
  const messages: ChatMessage[] = [
    { role: "user", content: "b" },
    { role: "assistant", content: "b, " },
  ];
  const start = [256, ...bytes("b"), 256, 256, ...bytes("b,")];
  const encode = (ending: "answer" | "message" | "text") => [
    ...template.encode({ messages, ending }),
  ];
  assertEquals(encode("answer"), [...start, 256, ...bytes("!")]);
  assertEquals(encode("message"), [...start, 256]);
  assertEquals(encode("text"), start);
  messages[1].content = "<a>";
  assertEquals(encode("text").slice(-3), bytes("<a>"));
});
