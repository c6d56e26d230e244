import { assertEquals, assertRejects } from "@std/assert";
import { emptyOutput } from "../../lib/bita/decode/output.ts";
import type { Decoder } from "../../lib/engine/engine.ts";
import type { Engine } from "../../lib/engine/generation.ts";
import type { Counts, OnBegin } from "../../lib/engine/output_counter.ts";
import { parseCompletionRequest } from "../../lib/wire/openai/completion_request.ts";
import type { TimedOutput } from "../../lib/worker/messages.ts";
import { toyDecoder } from "../toy/decoder.ts";
import { byteEngine, type ByteEngineOptions } from "./_byte_engine.ts";

const OUTPUT: TimedOutput = { ...emptyOutput(), ms: 1 };

/** What a request leaves its engine to do. */
type Ask = (
  engine: Engine,
  options: { signal: AbortSignal; onBegin: OnBegin },
) => Promise<unknown>;

/**
 * Leaves a request in its last text, of which the model computes no output; returns what
 * it has taken by then. The texts before have the outputs of `texts`.
 */
async function left(
  ask: Ask,
  texts: TimedOutput[][],
  options?: ByteEngineOptions,
): Promise<Counts["usage"] | undefined> {
  const leaving = new AbortController();
  const { signal } = leaving;
  const decoder: Decoder = {
    async *decode(): AsyncGenerator<TimedOutput> {
      yield* texts.shift()!;
      if (texts.length > 0) return;
      leaving.abort(new RangeError("left"));
      signal.throwIfAborted();
    },
  };
  let read: (() => Counts) | undefined;
  const engine = byteEngine(decoder, { context: 512, ...options });
  const onBegin: OnBegin = (counts) => read = counts;
  await assertRejects(() => ask(engine, { signal, onBegin }), RangeError);
  return read?.().usage;
}

Deno.test("a generation that is left in its prefill has taken its prompt", async () => {
  const text = JSON.stringify({ model: "toy", prompt: "three" });
  const { generation } = parseCompletionRequest(text, { randomSeed: () => 0 });
  const usage = await left(
    (engine, options) => Array.fromAsync(engine.generate(generation, options)),
    [[]],
  );
  const taken = { promptTokens: 5, completionTokens: 0, cachedTokens: 0 };
  assertEquals(usage, taken);
});

Deno.test("a batch of embeddings that is left has taken the texts that were begun", async () => {
  const vector = { ...OUTPUT, embedding: new Float32Array(8) };
  const usage = await left(
    (engine, options) => engine.embed(["one", "three", "seven"], options),
    [[vector], []],
    { pooling: "last" },
  );
  assertEquals(usage?.promptTokens, 3 + 5);
});

Deno.test("decisions that are left have taken the questions that were begun", async () => {
  const asked = (...texts: string[]) => ({
    messages: [{ role: "user" as const, content: "Hi" }],
    questions: texts.map((text) => ({ text, answers: ["yes", "no"] })),
    cache: { caller: "", salt: "" },
  });
  const usage = await left(
    (engine, options) => engine.decide(asked("one?", "two", "34?"), options),
    [[OUTPUT, { ...OUTPUT, answers: [-1, -2] }]],
  );
  const engine = byteEngine(toyDecoder([]), { context: 512 });
  const { signal } = new AbortController();
  const whole = await engine.decide(asked("one?", "two"), { signal });
  assertEquals(usage, whole.counts.usage);
});
