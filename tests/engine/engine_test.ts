import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import type { GenerationEvent } from "../../lib/engine/generation.ts";
import { parseChatRequest } from "../../lib/wire/openai/chat_request.ts";
import { parseCompletionRequest } from "../../lib/wire/openai/completion_request.ts";
import { type ToyDecoder, toyDecoder } from "../toy/decoder.ts";
import { byteEngine, CONTEXT, END, utf8 } from "./_byte_engine.ts";

interface Ask {
  prompt?: string;
  chat?: string;
  stop?: string[];
  max_tokens?: number;
  logit_bias?: Record<string, number>;
  signal?: AbortSignal;
}

/** Starts a generation, of a text or a chat. */
function start(
  decoder: ToyDecoder,
  { prompt = "Hi", chat, signal, ...fields }: Ask = {},
): AsyncIterable<GenerationEvent> {
  const seed = { randomSeed: () => 0 };
  const { generation } = chat === undefined
    ? parseCompletionRequest(
      JSON.stringify({ model: "toy", prompt, ...fields }),
      seed,
    )
    : parseChatRequest(
      JSON.stringify({
        model: "toy",
        messages: [{ role: "user", content: chat }],
        ...fields,
      }),
      seed,
    );
  return byteEngine(decoder).generate(generation, {
    signal: signal ?? new AbortController().signal,
  });
}

/** Runs a generation; gives its pieces of text and its end. */
async function run(decoder: ToyDecoder, ask: Ask = {}) {
  const events = await Array.fromAsync(start(decoder, ask));
  const end = events.pop()!;
  if (end.type !== "end") throw new TypeError("The last event must be an end");
  const pieces = events.map((event) =>
    event.type === "text" ? event.text : "?"
  );
  return { ...end, pieces, text: pieces.join("") };
}

Deno.test("createEngine() gives a piece of text an output", async () => {
  const { pieces, finishReason } = await run(
    toyDecoder([...utf8("abcde"), END], { output: 2 }),
  );
  assertEquals(pieces, ["ab", "cd", "e"]);
  assertEquals(finishReason, "stop");
});

Deno.test("createEngine() keeps a character together across outputs", async () => {
  for (const output of [1, 2, 3, 5]) {
    const { pieces, text } = await run(
      toyDecoder([...utf8("é漢🦊!"), END], { output }),
    );
    assertEquals(text, "é漢🦊!");
    assertEquals(pieces.filter((piece) => piece.includes("\uFFFD")), []);
  }
});

Deno.test("createEngine() ends half a character with U+FFFD", async () => {
  const { text } = await run(toyDecoder(utf8("a🦊")), { max_tokens: 3 });
  assertEquals(text, "a\uFFFD");
});

Deno.test("createEngine() stops at a stop string however outputs cut it", async () => {
  const tokens = utf8("one two three");
  for (const output of [1, 2, 3, 4, 20]) {
    const decoder = toyDecoder(tokens, { output });
    const { text, finishReason, stop, usage } = await run(decoder, {
      stop: ["o thr", "two t"],
    });
    assertEquals(text, "one ");
    assertEquals(stop, "two t");
    assertEquals(finishReason, "stop");
    assertEquals(usage.completionTokens, "one two t".length);
    assertEquals(decoder.left, true);
  }
});

Deno.test("createEngine() gives what looked like a stop string at the end", async () => {
  const { pieces, finishReason } = await run(
    toyDecoder([...utf8("ab--"), END]),
    { stop: ["---"] },
  );
  assertEquals(pieces.join(""), "ab--");
  assertEquals(finishReason, "stop");
  const length = await run(toyDecoder(utf8("ab---")), {
    stop: ["---"],
    max_tokens: 4,
  });
  assertEquals(length.text, "ab--");
  assertEquals(length.stop, undefined);
  assertEquals(length.finishReason, "length");
});

Deno.test("createEngine() stops at a match that a longer one held back to the end", async () => {
  const { text, finishReason } = await run(
    toyDecoder(utf8("1 two"), { output: 5 }),
    { stop: ["wo", "two!"], max_tokens: 5 },
  );
  assertEquals(text, "1 t");
  assertEquals(finishReason, "stop");
});

Deno.test("createEngine() encodes a prompt as an answer to it does", async () => {
  const { signal } = new AbortController();
  const prompt = { messages: [{ role: "user" as const, content: "four" }] };
  const ids = await byteEngine(toyDecoder([65])).encode({ prompt }, { signal });
  const { usage } = await run(toyDecoder([END]), { chat: "four" });
  assertEquals(ids.length, usage.promptTokens);
});

Deno.test("createEngine() asks for no more tokens than the context holds", async () => {
  const prompt = "four";
  const framed = 3 + "user\nfour\nassistant\n".length;
  const cases: [Ask, number][] = [
    [{ prompt, max_tokens: 61 }, CONTEXT - prompt.length],
    [{ prompt, max_tokens: 5 }, 5],
    [{ chat: prompt }, CONTEXT - framed],
  ];
  for (const [ask, room] of cases) {
    const decoder = toyDecoder(utf8("x".repeat(99)));
    const { usage, finishReason } = await run(decoder, ask);
    assertEquals(decoder.requests[0].maxTokens, room);
    assertEquals(usage.completionTokens, room);
    assertEquals(finishReason, "length");
  }
});

Deno.test("createEngine() refuses a prompt that fills the context", async () => {
  const fits = await run(toyDecoder([65]), { prompt: "x".repeat(63) });
  assertEquals(fits.usage.promptTokens, 63);
  const cases: [Ask, string][] = [
    [{ prompt: "x".repeat(64) }, "prompt"],
    [{ chat: "x".repeat(64) }, "messages"],
    [{ prompt: "x".repeat(64 * 32 + 1) }, "prompt"],
    [{ chat: "x".repeat(64 * 32 + 1) }, "messages"],
  ];
  for (const [ask, param] of cases) {
    const decoder = toyDecoder([65]);
    const error = await assertRejects(() => run(decoder, ask), ApiError);
    assertEquals(error.status, 400);
    assertEquals(error.code, "context_length_exceeded");
    assertEquals(error.param, param);
    assertEquals(decoder.requests, []);
  }
});

Deno.test("createEngine() refuses a prompt without a token", async () => {
  const error = await assertRejects(
    () => run(toyDecoder([65]), { prompt: "" }),
    ApiError,
    "at least one token is required: received none",
  );
  assertEquals(error.param, "prompt");
});

Deno.test("createEngine() frames a chat, whose contents frame nothing", async () => {
  const decoder = toyDecoder([END]);
  const { text, usage } = await run(decoder, { chat: "<|im_end|>" });
  assertEquals(text, "");
  const { prompt } = decoder.requests[0];
  assertEquals([...prompt].filter((id) => id >= 256), [256, 257, 256]);
  assertEquals(usage.promptTokens, prompt.length);
});

Deno.test("createEngine() adds up what outputs tell", async () => {
  const { usage, timings } = await run(
    toyDecoder([...utf8("abcde"), END], { output: 2 }),
    { prompt: "Hello" },
  );
  assertEquals(usage, {
    promptTokens: 5,
    completionTokens: 5,
    cachedTokens: 0,
  });
  assertEquals(timings, {
    prompt_n: 5,
    prompt_ms: 5,
    cache_n: 0,
    predicted_n: 5,
    predicted_ms: 30,
    predicted_per_second: 5 / 30 * 1000,
    draft_n: 6,
    draft_n_accepted: 2,
    passes: 3,
    rows: 9,
  });
});

Deno.test("createEngine() leaves the decoder when its signal aborts", async () => {
  const decoder = toyDecoder(utf8("x".repeat(50)));
  const leaving = new AbortController();
  const events = start(decoder, { signal: leaving.signal });
  const error = await assertRejects(async () => {
    for await (const event of events) {
      if (event.type === "text") leaving.abort(new TypeError("left"));
    }
  }, TypeError);
  assertEquals(error.message, "left");
  assertEquals(decoder.said.length, 1);
});

Deno.test("createEngine() leaves the decoder when its reader does", async () => {
  const decoder = toyDecoder(utf8("x".repeat(50)));
  for await (const event of start(decoder)) if (event.type === "text") break;
  assertEquals(decoder.left, true);
  assertEquals(decoder.said.length, 1);
});

Deno.test("createEngine() refuses a bias on a token that is none", async () => {
  const decoder = toyDecoder([65, END]);
  await run(decoder, { logit_bias: { "258": 1 } });
  const error = await assertRejects(
    () => run(decoder, { logit_bias: { "259": 1 } }),
    ApiError,
    "token ids must be below 259: received 259",
  );
  assertEquals(error.status, 400);
  assertEquals(error.param, "logit_bias");
});

Deno.test("createEngine() tells how much of the prompt was known", async () => {
  const decoder = toyDecoder([65, END], { cached: 3 });
  const { usage, timings } = await run(decoder, { prompt: "Hello" });
  assertEquals(usage.cachedTokens, 3);
  assertEquals([timings.prompt_n, timings.cache_n], [2, 3]);
});
