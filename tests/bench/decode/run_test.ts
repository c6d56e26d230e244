import { assertEquals } from "@std/assert";
import {
  type DecodeOutput,
  emptyOutput,
} from "../../../lib/bita/decode/output.ts";
import { runText } from "./run.ts";

Deno.test("runText() separates the prefill, the first token and the rest", async () => {
  let time = 1000;
  const pass = { rows: 4, drafted: 3, accepted: 1 };
  async function* outputs(): AsyncGenerator<DecodeOutput> {
    time += 50;
    yield await Promise.resolve(emptyOutput());
    time += 10;
    yield { ...pass, tokens: [7, 8] };
    time += 12;
    yield { ...pass, tokens: [9] };
    time += 9;
    yield { ...pass, tokens: [], finish: "stop" };
  }
  assertEquals(await runText(outputs(), () => time), {
    tokens: [7, 8, 9],
    firstMs: 60,
    restMs: 12,
    decodeMs: 31,
    passes: 3,
    rows: 12,
  });
});
