import { assert, assertEquals, assertThrows } from "@std/assert";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { readVocabulary } from "../text/_vocabulary.ts";
import { longPrompts, parsePrompts, spread } from "./prompts.ts";

Deno.test("parsePrompts() takes `prompt`, or the first of `turns`", () => {
  const lines = `{"category": "math", "prompt": "1 + 1?"}
{"category": "writing", "turns": ["Write.", "Again."]}
{"prompt": "Hi"}
`;
  assertEquals(parsePrompts(lines), [
    { category: "math", text: "1 + 1?" },
    { category: "writing", text: "Write." },
    { category: "any", text: "Hi" },
  ]);
});

Deno.test("parsePrompts() names the line that has no prompt", () => {
  assertThrows(
    () => parsePrompts('{"prompt": "Hi"}\n{"category": "math"}'),
    SyntaxError,
    "line 2",
  );
});

Deno.test("spread() returns items at equal distances", () => {
  assertEquals(spread([0, 1, 2, 3, 4, 5, 6, 7], 4), [0, 2, 4, 6]);
  assertEquals(spread([0, 1, 2, 3, 4], 2), [0, 2]);
});

Deno.test("spread() returns all if there are fewer", () => {
  assertEquals(spread(["a", "b"], 9), ["a", "b"]);
});

Deno.test("longPrompts() writes prompts of a length, without a common prefix", async () => {
  const tokenizer = new Tokenizer(await readVocabulary());
  const { write } = await longPrompts(tokenizer);
  for (const tokens of [300, 7000]) {
    const texts = [1, 10].map((index) => write("Why?", { index, tokens }));
    for (const text of texts) {
      const { length } = tokenizer.encode(text);
      assert(Math.abs(length / tokens - 1) < 0.1, `${length} of ${tokens}`);
      assert(text.endsWith("\n\nWhy?"));
    }
    const [a, b] = texts.map((text) => tokenizer.encode(text));
    assert(a.findIndex((id, i) => id !== b[i]) < 3);
  }
});
