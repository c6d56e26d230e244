import { assertEquals } from "@std/assert";
import { parseCompletionRequest } from "../../../lib/wire/openai/completion_request.ts";

function parse(fields: object) {
  const text = JSON.stringify({ model: "toy", prompt: "Once", ...fields });
  return parseCompletionRequest(text, { randomSeed: () => 7 });
}

Deno.test("parseCompletionRequest() defaults to 16 tokens", () => {
  assertEquals(parse({}).generation.maxTokens, 16);
  assertEquals(parse({ max_tokens: null }).generation.maxTokens, 16);
  assertEquals(parse({ max_tokens: 3 }).generation.maxTokens, 3);
});

Deno.test("parseCompletionRequest() takes a string or an array of one", () => {
  assertEquals(parse({}).generation.prompt, { text: "Once" });
  assertEquals(parse({ prompt: ["Two"] }).generation.prompt, { text: "Two" });
  assertEquals(parse({ prompt: "" }).generation.prompt, { text: "" });
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
