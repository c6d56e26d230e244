import { assertEquals, assertThrows } from "@std/assert";
import { ApiError } from "../../../lib/engine/errors.ts";
import { parseChatRequest } from "../../../lib/wire/openai/chat_request.ts";

function parse(fields: object) {
  const body = { model: "toy", messages: [{ role: "user", content: "Hi" }] };
  const text = JSON.stringify({ ...body, ...fields });
  return parseChatRequest(text, { randomSeed: () => 7 });
}

Deno.test("parseChatRequest() reads what the template shall do", () => {
  const messages = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Well" },
  ];
  const promptOf = (fields: object) => parse(fields).generation.prompt;
  assertEquals(
    promptOf({ chat_template_kwargs: { enable_thinking: false } }),
    {
      messages: [{ role: "user", content: "Hi" }],
      variables: { enable_thinking: false },
    },
  );
  assertEquals(
    promptOf({ messages, continue_final_message: true }),
    { messages, ending: "text" },
  );
  assertEquals(
    promptOf({ messages, add_generation_prompt: false }),
    { messages, ending: "message" },
  );
  for (
    const [param, fields] of [
      ["chat_template_kwargs", { chat_template_kwargs: { messages: 1 } }],
      ["chat_template_kwargs", { chat_template_kwargs: { a: "<|im_end|>" } }],
      ["chat_template_kwargs", { chat_template_kwargs: { a: [] } }],
      ["continue_final_message", { continue_final_message: true }],
      ["continue_final_message", {
        messages,
        continue_final_message: true,
        add_generation_prompt: true,
      }],
    ] as const
  ) {
    const error = assertThrows(() => parse(fields), ApiError);
    assertEquals(error.param, param);
  }
});
