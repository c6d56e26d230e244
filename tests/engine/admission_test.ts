import { assertEquals, assertRejects } from "@std/assert";
import type { Decoder } from "../../lib/engine/engine.ts";
import { ApiError } from "../../lib/engine/errors.ts";
import { parseCompletionRequest } from "../../lib/wire/openai/completion_request.ts";
import { toyDecoder } from "../toy/decoder.ts";
import {
  byteEngine,
  type ByteEngineOptions,
  CONTEXT,
  SLACK,
} from "./_byte_engine.ts";

/** Joins a decoder with an engine, and asks it. */
function engineOf(decoder: Decoder, options?: ByteEngineOptions) {
  const engine = byteEngine(decoder, options);
  function ask(fields: object) {
    const { generation } = parseCompletionRequest(
      JSON.stringify({ model: "toy", prompt: "Hi", ...fields }),
      { randomSeed: () => 0 },
    );
    const { signal } = new AbortController();
    return Array.fromAsync(engine.generate(generation, { signal }));
  }
  return { ask, queue: engine.queue };
}

/** A decoder that waits until its gate opens. */
function gated() {
  const gate = Promise.withResolvers<void>();
  const toy = toyDecoder([65]);
  const decoder: Decoder = {
    async *decode(request, options) {
      await gate.promise;
      yield* toy.decode(request, options);
    },
  };
  return { decoder, toy, open: gate.resolve };
}

/** Resolves after all that waits for nothing but a promise. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("createEngine() refuses a wrong request at once, though the line is full", async () => {
  const { decoder, open } = gated();
  const { ask } = engineOf(decoder, { maxRunning: 1, maxWaiting: 1 });
  const served = [ask({}), ask({})];
  await settle();
  const wrong = [
    { prompt: "x".repeat(CONTEXT) },
    { prompt: "x".repeat(CONTEXT * 32 + 1) },
    { prompt: "" },
    { logit_bias: { "999": 1 } },
  ];
  for (const fields of wrong) {
    const { status } = await assertRejects(() => ask(fields), ApiError);
    assertEquals(status, 400);
  }
  const { status } = await assertRejects(() => ask({}), ApiError);
  assertEquals(status, 429);
  open();
  await Promise.all(served);
});

Deno.test("createEngine() admits requests by the memory that they may come to", async () => {
  const { decoder, open, toy } = gated();
  const slots = 2 * (2 + 8 + SLACK);
  const { ask, queue } = engineOf(decoder, { slots });
  const asked = [8, 8, 1].map((max_tokens) => ask({ max_tokens }));
  await settle();
  assertEquals([queue.running, queue.waiting], [2, 1]);
  open();
  await Promise.all(asked);
  assertEquals(toy.requests.map(({ maxTokens }) => maxTokens), [8, 8, 1]);
  assertEquals([queue.running, queue.waiting], [0, 0]);
});

Deno.test("createEngine() refuses what can never fit into memory", async () => {
  const { ask } = engineOf(toyDecoder([65]), { slots: 40 + SLACK });
  await ask({ max_tokens: 38 });
  await ask({});
  const { status, code } = await assertRejects(
    () => ask({ max_tokens: 39 }),
    ApiError,
    "maximum context length is 40 tokens here",
  );
  assertEquals([status, code], [400, "context_length_exceeded"]);
});

Deno.test("createEngine() gives its place back however it ends", async () => {
  const failing: Decoder = {
    // deno-lint-ignore require-yield
    async *decode() {
      throw new RangeError("broken");
    },
  };
  const { ask, queue } = engineOf(failing, { maxRunning: 1 });
  await assertRejects(() => ask({}), RangeError, "broken");
  assertEquals(queue.running, 0);
});
