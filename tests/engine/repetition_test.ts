import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Repetition } from "../../lib/engine/repetition.ts";
import { parseCompletionRequest } from "../../lib/wire/openai/completion_request.ts";
import { toyDecoder } from "../toy/decoder.ts";
import { byteEngine, END, utf8 } from "./_byte_engine.ts";

/** Returns how many tokens an answer keeps, pushed in parts of a size. */
function kept(tokens: number[], most: number, size = 1): number {
  const repetition = new Repetition(most);
  let length = 0;
  for (let at = 0; at < tokens.length && !repetition.ended; at += size) {
    length += repetition.take(tokens.slice(at, at + size)).length;
  }
  return length;
}

/** Repeats a part after a beginning. */
function loop(part: number[], times: number, start: number[] = []): number[] {
  return [...start, ...Array.from({ length: times }, () => part).flat()];
}

Deno.test("Repetition ends an answer with the repetition that is too many", () => {
  const part = Array.from({ length: 20 }, (_, i) => i);
  assertEquals(kept(loop(part, 9, [7, 8, 9]), 4), 3 + 5 * 20);
  assertEquals(kept(loop(part, 4, [7, 8, 9]), 4), 3 + 4 * 20);
  assertEquals(kept(loop(part, 9), Infinity), 9 * 20);
});

Deno.test("Repetition takes a few short repetitions for no loop", () => {
  assertEquals(kept(loop([1], 31), 2), 31);
  assertEquals(kept(loop([1], 40), 2), 32);
  assertEquals(kept(loop([1, 2], 100), 20), 42);
});

Deno.test("Repetition sees no loop where parts differ or are long", () => {
  const counted = Array.from({ length: 200 }, (_, i) => [1, 2, 100 + i]).flat();
  assertEquals(kept(counted, 3), counted.length);
  const long = Array.from({ length: 65 }, (_, i) => i);
  assertEquals(kept(loop(long, 9), 3), 9 * 65);
});

Deno.test("Repetition ends at the same token, however many come at once", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(3), { maxLength: 8 }),
    fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }),
    fc.integer({ min: 2, max: 9 }),
    (start, part, size) => {
      const tokens = loop(part, 40, start);
      assertEquals(kept(tokens, 3, size), kept(tokens, 3));
    },
  ));
});

Deno.test("createEngine() ends an answer that repeats itself, if the operator wants", async () => {
  const text = "ab ".repeat(20);
  for (const [maxRepeats, written] of [[undefined, 60], [11, 36]] as const) {
    const decoder = toyDecoder([...utf8(text), END], { output: 5 });
    const { generation } = parseCompletionRequest(
      JSON.stringify({ model: "toy", prompt: "a", max_tokens: 62 }),
      { randomSeed: () => 0 },
    );
    const { signal } = new AbortController();
    const events = await Array.fromAsync(
      byteEngine(decoder, { maxRepeats }).generate(generation, { signal }),
    );
    const end = events.at(-1)!;
    if (end.type !== "end") {
      throw new TypeError("The last event must be an end");
    }
    const read = events.map((event) => event.type === "text" ? event.text : "");
    assertEquals(read.join(""), text.slice(0, written));
    assertEquals(end.usage.completionTokens, written);
    assertEquals(end.finishReason, maxRepeats ? "length" : "stop");
    assertEquals(decoder.left, maxRepeats !== undefined);
  }
});
