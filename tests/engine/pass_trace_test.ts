import { assertEquals } from "@std/assert";
import { parseCompletionRequest } from "../../lib/wire/openai/completion_request.ts";
import { toyDecoder } from "../toy/decoder.ts";
import { byteEngine } from "./_byte_engine.ts";

const GUESS = { depth: 1, rank: 0, drafters: ["recycle" as const] };

/** Generates "aé…b" in outputs of two bytes; bytes are tokens. */
function generate(fields: object, cached = 0) {
  const decoder = toyDecoder(new TextEncoder().encode("aé…b"), {
    output: 2,
    cached,
    guesses: [GUESS],
  });
  const engine = byteEngine(decoder);
  const { generation } = parseCompletionRequest(
    JSON.stringify({ model: "toy", prompt: "Hi", stream: true, ...fields }),
    { randomSeed: () => 0 },
  );
  const { signal } = new AbortController();
  return { decoder, events: engine.generate(generation, { signal }) };
}

Deno.test("createEngine() tells each pass, with its tokens' text, if asked to", async () => {
  const { decoder, events } = generate({ draft_trace: true });
  const passes = (await Array.fromAsync(events)).flatMap((event) =>
    event.type === "text" ? [event.pass!] : []
  );
  assertEquals(decoder.requests[0].trace, true);
  assertEquals(
    passes.map(({ tokens }) => tokens.map(({ text }) => text)),
    [["a", ""], ["é", ""], ["", "…"], ["b"]],
  );
  const { ms, rows, drafted, tokens } = passes[0];
  assertEquals({ ms, rows, drafted }, { ms: 10, rows: 3, drafted: 2 });
  assertEquals(tokens.map(({ guess }) => guess), [GUESS, null]);
});

Deno.test("createEngine() tells first how much of the prompt was known", async () => {
  const { events } = generate({ draft_trace: true, prompt: "Hié" }, 3);
  const [first] = await Array.fromAsync(events);
  assertEquals(first, {
    type: "prompt",
    parts: [
      { text: "Hi", tokens: 3, cached: true }, // and half a character
      { text: "é", tokens: 1, cached: false },
    ],
  });
});

Deno.test("createEngine() tells no pass unless asked to", async () => {
  const { decoder, events } = generate({});
  const told = (await Array.fromAsync(events)).filter((event) =>
    "pass" in event || event.type === "prompt"
  );
  assertEquals([decoder.requests[0].trace, told], [false, []]);
});
