import { assertEquals } from "@std/assert";
import { parseCompletionRequest } from "../../../lib/wire/openai/completion_request.ts";

function parse(fields: object) {
  const text = JSON.stringify({ model: "toy", prompt: "Once", ...fields });
  return parseCompletionRequest(text, { randomSeed: () => 7 });
}

Deno.test("parseCompletionRequest() defaults to 16 tokens", () => {
  const limitOf = (max_tokens?: number | null) =>
    parse({ max_tokens }).generation.maxTokens;
  assertEquals(limitOf(), 16);
  assertEquals(limitOf(null), 16);
  assertEquals(limitOf(3), 3);
  assertEquals(limitOf(0), 0);
  assertEquals(limitOf(-1), undefined);
});

Deno.test("parseCompletionRequest() reads texts and tokens, one or a batch", () => {
  const promptsOf = (prompt: unknown) => {
    const { generation, prompts } = parse({ prompt });
    assertEquals(generation.prompt, prompts?.[0] ?? generation.prompt);
    return prompts ?? generation.prompt;
  };
  assertEquals(promptsOf("Once"), { text: "Once" });
  assertEquals(promptsOf(""), { text: "" });
  assertEquals(promptsOf(["Two"]), { text: "Two" });
  assertEquals(promptsOf([5, 6]), { tokens: [5, 6] });
  assertEquals(promptsOf([[5, 6]]), { tokens: [5, 6] });
  assertEquals(promptsOf(["a", [7]]), [{ text: "a" }, { tokens: [7] }]);
});

Deno.test("parseCompletionRequest() reads what is scored and echoed", () => {
  const { logprobs, echo } = parse({ logprobs: 0, echo: true }).generation;
  assertEquals([logprobs, echo], [0, true]);
});

Deno.test("parseCompletionRequest() ignores fields that ask for nothing", () => {
  const idle = {
    best_of: 1,
    echo: false,
    logprobs: null,
    suffix: null,
    user: "me",
  };
  assertEquals(parse(idle), parse({}));
});
