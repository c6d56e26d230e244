import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import type { Engine, GenerationRequest } from "../../lib/engine/generation.ts";
import { parseCompletionRequest } from "../../lib/wire/openai/completion_request.ts";
import { queued } from "../../lib/engine/queue.ts";
import { watchedSignal } from "../_signal.ts";
import { toyEngine } from "../toy/engine.ts";

/** A toy whose runs wait at their first word until `open` is called. */
function gatedToy() {
  const gates: PromiseWithResolvers<void>[] = [];
  const toy = toyEngine({
    text: "one",
    pace: (word) => {
      if (word > 0) return;
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    },
  });
  return { toy, gates };
}

function ask(prompt: string): GenerationRequest {
  const text = JSON.stringify({ model: "toy", prompt });
  return parseCompletionRequest(text, { randomSeed: () => 0 }).generation;
}

/** Runs a request to its end, and gives its text. */
async function run(
  engine: Engine,
  prompt: string,
  signal = new AbortController().signal,
): Promise<string> {
  let text = "";
  for await (const event of engine.generate(ask(prompt), { signal })) {
    if (event.type === "text") text += event.text;
  }
  return text;
}

/** Lets everything happen that waits for nothing but a promise. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function prompts(asked: GenerationRequest[]): string[] {
  return asked.map(({ prompt }) => "text" in prompt ? prompt.text : "");
}

Deno.test("queued() runs so many requests at once, the others in order", async () => {
  const { toy, gates } = gatedToy();
  const engine = queued(toy, { maxRunning: 2 });
  const all = ["a", "b", "c", "d"].map((prompt) => run(engine, prompt));
  for (const [ends, order] of [[1, "ab"], [0, "abc"], [2, "abcd"]] as const) {
    await settle();
    assertEquals(prompts(toy.asked).join(""), order);
    gates[ends].resolve();
  }
  gates[3].resolve();
  assertEquals(await Promise.all(all), ["one", "one", "one", "one"]);
});

Deno.test("queued() runs one request at a time, in order", async () => {
  const { toy, gates } = gatedToy();
  const engine = queued(toy, { maxRunning: 1 });
  const all = ["a", "b", "c"].map((prompt) => run(engine, prompt));
  for (const [at, order] of ["a", "ab", "abc"].entries()) {
    await settle();
    assertEquals(prompts(toy.asked).join(""), order);
    gates[at].resolve();
  }
  assertEquals(await Promise.all(all), ["one", "one", "one"]);
  assertEquals(toy.runs, ["ended", "ended", "ended"]);
});

Deno.test("queued() turns the surplus away and says when to come back", async () => {
  const { toy, gates } = gatedToy();
  const engine = queued(toy, {
    maxRunning: 1,
    maxWaiting: 1,
    retryAfterMs: 1500,
  });
  const served = ["a", "b"].map((prompt) => run(engine, prompt));
  const error = await assertRejects(() => run(engine, "c"), ApiError);
  assertEquals(error.status, 429);
  assertEquals(error.code, "rate_limit_exceeded");
  assertEquals(error.headers, {
    "Retry-After": "2",
    "retry-after-ms": "1500",
  });
  gates[0].resolve();
  await settle();
  gates[1].resolve();
  await Promise.all(served);
  assertEquals(prompts(toy.asked), ["a", "b"]);
});

Deno.test("queued() frees the place of a waiting client that leaves", async () => {
  const { toy, gates } = gatedToy();
  const engine = queued(toy, { maxRunning: 1, maxWaiting: 1 });
  const first = run(engine, "a");
  const leaving = new AbortController();
  const second = run(engine, "b", leaving.signal);
  leaving.abort(new Error("gone"));
  await assertRejects(() => second, Error, "gone");
  const third = run(engine, "c");
  gates[0].resolve();
  await settle();
  gates[1].resolve();
  await Promise.all([first, third]);
  assertEquals(prompts(toy.asked), ["a", "c"]);
});

Deno.test("queued() lets go of a signal", async () => {
  const { toy, gates } = gatedToy();
  const engine = queued(toy, { maxRunning: 1 });
  const { signal, listeners } = watchedSignal();
  const first = run(engine, "a");
  const second = run(engine, "b", signal);
  await settle();
  assertEquals(listeners(), 1);
  gates[0].resolve();
  await settle();
  gates[1].resolve();
  assertEquals(await Promise.all([first, second]), ["one", "one"]);
  assertEquals(listeners(), 0);
});

Deno.test("queued() goes on when the running client leaves", async () => {
  const { toy, gates } = gatedToy();
  const engine = queued(toy, { maxRunning: 1 });
  const leaving = new AbortController();
  const first = run(engine, "a", leaving.signal);
  const second = run(engine, "b");
  leaving.abort(new Error("gone"));
  await assertRejects(() => first, Error, "gone");
  await settle();
  gates[1].resolve();
  assertEquals(await second, "one");
  assertEquals(toy.runs, ["left", "ended"]);
});

Deno.test("queued() goes on when the running loop is left", async () => {
  const toy = toyEngine();
  const engine = queued(toy, { maxRunning: 1 });
  const { signal } = new AbortController();
  for await (const _ of engine.generate(ask("a"), { signal })) break;
  assertEquals(await run(engine, "b"), "The quick brown fox.");
  assertEquals(toy.runs, ["left", "ended"]);
});

Deno.test("queued() goes on when the running request fails", async () => {
  let fails = true;
  const toy = toyEngine({
    pace: () => {
      if (fails) throw new RangeError("broken");
    },
  });
  const engine = queued(toy, { maxRunning: 1 });
  await assertRejects(() => run(engine, "a"), RangeError, "broken");
  fails = false;
  assertEquals(await run(engine, "b"), "The quick brown fox.");
});

Deno.test("queued() keeps no place for a client that has left already", async () => {
  const toy = toyEngine();
  const engine = queued(toy, { maxRunning: 1 });
  await assertRejects(() => run(engine, "a", AbortSignal.abort()));
  assertEquals(toy.asked, []);
  assertEquals(await run(engine, "b"), "The quick brown fox.");
});
