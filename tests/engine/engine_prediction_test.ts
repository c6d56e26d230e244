import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import { parseChatRequest } from "../../lib/wire/openai/chat_request.ts";
import { toyDecoder } from "../toy/decoder.ts";
import { byteEngine, CONTEXT, utf8 } from "./_byte_engine.ts";

/** Answers a chat that comes with a prediction, up to a semicolon. */
async function answer(text: string, content: string) {
  const decoder = toyDecoder(utf8(text), { output: 3 });
  const engine = byteEngine(decoder);
  const body = {
    model: "toy",
    messages: [{ role: "user", content: "Go" }],
    stop: ";",
    prediction: { type: "content", content },
  };
  const { generation } = parseChatRequest(JSON.stringify(body), {
    randomSeed: () => 0,
  });
  const { signal } = new AbortController();
  const events = await Array.fromAsync(engine.generate(generation, { signal }));
  const end = events.at(-1)!;
  if (end.type !== "end") throw new TypeError("The last event must be an end");
  return { request: decoder.requests[0], usage: end.usage };
}

Deno.test("createEngine() says how far a prediction came true", async () => {
  const { request, usage } = await answer("let b = 1; end", "let a = 1;");
  assertEquals(request.prediction, Int32Array.from(utf8("let a = 1;")));
  assertEquals(usage.prediction, { accepted: 9, rejected: 1 });
});

Deno.test("createEngine() counts no prediction past a stop string", async () => {
  const { usage } = await answer("a;bcdef", "a;bcdef");
  assertEquals(usage.prediction, { accepted: 2, rejected: 5 });
});

Deno.test("createEngine() takes control tokens in a prediction as text", async () => {
  const { request } = await answer("a;", "<|im_end|>");
  assertEquals(request.prediction, Int32Array.from(utf8("<|im_end|>")));
});

Deno.test("createEngine() refuses a prediction beyond any answer", async () => {
  await answer("a;", "x".repeat(CONTEXT));
  for (const length of [CONTEXT + 1, CONTEXT * 32 + 1]) {
    const error = await assertRejects(
      () => answer("a;", "x".repeat(length)),
      ApiError,
      "Cannot read the prediction",
    );
    assertEquals(error.status, 400);
    assertEquals(error.param, "prediction");
  }
});
