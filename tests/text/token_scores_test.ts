import { assertEquals } from "@std/assert";
import type { GenerationRequest } from "../../lib/engine/generation.ts";
import { parseCompletionRequest } from "../../lib/wire/openai/completion_request.ts";
import { toyDecoder } from "../toy/decoder.ts";
import { byteEngine, END, utf8 } from "../engine/_byte_engine.ts";

/** Generates; returns the text, the pieces and, event by event, the tokens. */
async function run(
  { said, output, ...fields }: { said: Iterable<number>; output?: number } & {
    [field: string]: unknown;
  },
) {
  const body = { model: "toy", prompt: "Hi", logprobs: 2, ...fields };
  const { generation } = parseCompletionRequest(JSON.stringify(body), {
    randomSeed: () => 0,
  });
  const decoder = toyDecoder(said, output ? { output } : {});
  const { signal } = new AbortController();
  const events = await Array.fromAsync(
    byteEngine(decoder).generate(generation as GenerationRequest, { signal }),
  );
  const texts = events.filter((event) => event.type === "text");
  return {
    text: texts.map(({ text }) => text).join(""),
    events: texts.map(({ text, tokens = [] }) => ({
      text,
      bytes: tokens.map(({ bytes }) => [...bytes]),
      offsets: tokens.map(({ offset }) => offset),
      ends: tokens.map(({ ends = false }) => ends),
    })),
    tokens: texts.flatMap(({ tokens }) => tokens ?? []),
  };
}

Deno.test("createEngine() shows tokens with the beginning of their text", async () => {
  for (const output of [1, 2, 3, 5]) {
    const { events } = await run({
      said: [...utf8("aé🦊!"), END],
      output,
      max_tokens: 20,
    });
    let shown = "";
    for (const { text, bytes, offsets } of events) {
      for (const [at, offset] of offsets.entries()) {
        // The character that a token begins in is in this text, or it is the end.
        const inside = offset - [...shown].length;
        const within = inside >= 0 && inside < [...text].length;
        assertEquals(within || bytes[at].length > 4, true);
      }
      shown += text;
    }
    const all = events.flatMap(({ bytes }) => bytes);
    const end = [...utf8("<|im_end|>")];
    assertEquals(all, [...[...utf8("aé🦊!")].map((byte) => [byte]), end]);
    const offsets = events.flatMap(({ offsets }) => offsets);
    assertEquals(offsets, [0, 1, 1, 2, 2, 2, 2, 3, 4]);
    assertEquals(events.flatMap(({ ends }) => ends).lastIndexOf(false), 7);
  }
});

Deno.test("createEngine() shows no token of a stop string", async () => {
  const { text, tokens } = await run({
    said: utf8("one two three"),
    stop: ["two"],
    max_tokens: 30,
  });
  assertEquals(text, "one ");
  assertEquals(tokens.length, 4);
});

Deno.test("createEngine() lists as many likely tokens as were asked for", async () => {
  const { tokens: [token] } = await run({ said: utf8("A"), max_tokens: 1 });
  assertEquals(token.logprob, -0.065);
  assertEquals(token.top.map(({ logprob }) => logprob), [-0.065, -1.065]);
  const { tokens: [alone] } = await run({ said: utf8("A"), logprobs: 0 });
  assertEquals(alone.top, []);
  assertEquals((await run({ said: utf8("A"), logprobs: null })).tokens, []);
});

Deno.test("createEngine() echoes a prompt and scores its tokens", async () => {
  const ids = [...utf8("é!"), 256];
  for (const prompt of ["é!<|im_start|>", ids]) {
    const { text, tokens } = await run({
      said: utf8("yes"),
      prompt,
      echo: true,
      max_tokens: 1,
    });
    assertEquals(text, "é!<|im_start|>y");
    assertEquals(tokens.map(({ offset }) => offset), [0, 0, 1, 2, 14]);
    assertEquals(tokens.map(({ logprob }) => logprob), [
      null,
      -0.169,
      -0.033,
      -0.256,
      -0.121,
    ]);
  }
});

Deno.test("createEngine() echoes a prompt alone", async () => {
  const alone = { said: utf8("yes"), echo: true, max_tokens: 0 };
  assertEquals((await run(alone)).text, "Hi");
  assertEquals((await run(alone)).tokens.length, 2);
  assertEquals((await run({ ...alone, logprobs: null })).text, "Hi");
});
