import { assert, assertEquals, assertRejects } from "@std/assert";
import { generateChoices } from "../../lib/engine/choices.ts";
import type { Decoder } from "../../lib/engine/engine.ts";
import type {
  Engine,
  GenerationEvent,
  GenerationRequest,
} from "../../lib/engine/generation.ts";
import { parseCompletionRequest } from "../../lib/wire/openai/completion_request.ts";
import { toyDecoder } from "../toy/decoder.ts";
import { byteEngine, END, utf8 } from "./_byte_engine.ts";

function request(prompt: string): GenerationRequest {
  const text = JSON.stringify({ model: "toy", prompt, seed: 3 });
  return parseCompletionRequest(text, { randomSeed: () => 0 }).generation;
}

function generate(
  engine: Pick<Engine, "generate">,
  { prompts, n, signal = new AbortController().signal }: {
    prompts: string[];
    n: number;
    signal?: AbortSignal;
  },
): AsyncGenerator<GenerationEvent> {
  const requests = prompts.map(request);
  return generateChoices(engine, { requests, n }, { signal });
}

Deno.test("generateChoices() numbers answers and adds up their counts", async () => {
  const decoder = toyDecoder([...utf8("abc"), END], { cached: 1 });
  const engine = byteEngine(decoder);
  const prompts = ["Hi", "there"];
  const events = await Array.fromAsync(generate(engine, { prompts, n: 3 }));
  const texts = Array<string>(6).fill("");
  for (const event of events) {
    if (event.type === "text") texts[event.choice!] += event.text;
  }
  assertEquals(texts, Array(6).fill("abc"));
  const ends = events.filter(({ type }) => type === "end");
  assertEquals(ends.map(({ choice }) => choice!).sort(), [0, 1, 2, 3, 4, 5]);
  const last = events.findLast((event) => event.type === "end")!;
  assertEquals(events.at(-1), last);
  assertEquals(last.usage, {
    promptTokens: 2 + 5,
    completionTokens: 6 * 3,
    cachedTokens: 2,
  });
  assertEquals(last.timings.predicted_n, 18);
  assertEquals(engine.queue.running, 0);
});

Deno.test("generateChoices() draws a seed for each answer but the first", async () => {
  const seedsOf = async (prompts: string[]) => {
    const decoder = toyDecoder([END]);
    const engine = byteEngine(decoder);
    await Array.fromAsync(generate(engine, { prompts, n: 4 }));
    return decoder.requests.map(({ sampling }) => sampling.seed).sort();
  };
  const seeds = await seedsOf(["Hi"]);
  assertEquals(new Set(seeds).size, 4);
  assert(seeds.includes(3));
  assertEquals(await seedsOf(["Hi"]), seeds);
});

Deno.test("generateChoices() computes a prompt before its other answers begin", async () => {
  const toy = toyDecoder([...utf8("abc"), END]);
  const gate = Promise.withResolvers<void>();
  let begun = 0;
  const decoder: Decoder = {
    async *decode(...args) {
      begun++;
      await gate.promise;
      yield* toy.decode(...args);
    },
  };
  const prompts = ["Hi"];
  const events = generate(byteEngine(decoder), { prompts, n: 3 });
  const first = events.next();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(begun, 1);
  gate.resolve();
  await first;
  await Array.fromAsync(events);
  assertEquals(begun, 3);
});

Deno.test("generateChoices() runs at most eight answers at once", async () => {
  let running = 0;
  let most = 0;
  const inner = byteEngine(toyDecoder([...utf8("abc"), END]));
  const engine: Pick<Engine, "generate"> = {
    async *generate(...args) {
      most = Math.max(most, ++running);
      try {
        yield* inner.generate(...args);
      } finally {
        running--;
      }
    },
  };
  const prompts = Array.from({ length: 40 }, (_, at) => `prompt ${at}`);
  const events = await Array.fromAsync(generate(engine, { prompts, n: 1 }));
  assertEquals(events.filter(({ type }) => type === "end").length, 40);
  assertEquals([most, running], [8, 0]);
});

Deno.test("generateChoices() leaves all answers when one fails or is left", async () => {
  const engine = byteEngine(toyDecoder([...utf8("abc"), END]));
  const long =
    "a prompt that is much longer than the context of the toy is: 64";
  await assertRejects(
    () =>
      Array.fromAsync(generate(engine, { prompts: ["Hi", long + long], n: 2 })),
    Error,
    "prompt is too long",
  );
  assertEquals(engine.queue.running, 0);
  // The first answers to some prompts have no place yet.
  const prompts = [long + long, ...Array<string>(12).fill("Hi")];
  await assertRejects(
    () => Array.fromAsync(generate(engine, { prompts, n: 2 })),
    Error,
    "prompt is too long",
  );
  assertEquals(engine.queue.running, 0);
  for await (const _ of generate(engine, { prompts: ["Hi"], n: 3 })) break;
  assertEquals(engine.queue.running, 0);
  const leaving = new AbortController();
  const events = generate(engine, {
    prompts: ["Hi", "Ho"],
    n: 3,
    signal: leaving.signal,
  });
  await events.next();
  leaving.abort(new RangeError("left"));
  await assertRejects(() => Array.fromAsync(events), RangeError, "left");
  assertEquals(engine.queue.running, 0);
});
