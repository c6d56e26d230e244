import { assertEquals, assertThrows } from "@std/assert";
import { parsePrompts, spread } from "./prompts.ts";

Deno.test("parsePrompts() reads our lines and the first turn of MT-Bench's", () => {
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

Deno.test("spread() takes items at equal distances", () => {
  assertEquals(spread([0, 1, 2, 3, 4, 5, 6, 7], 4), [0, 2, 4, 6]);
  assertEquals(spread([0, 1, 2, 3, 4], 2), [0, 2]);
});

Deno.test("spread() takes all if there are fewer", () => {
  assertEquals(spread(["a", "b"], 9), ["a", "b"]);
});
