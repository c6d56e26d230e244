import { assert, assertEquals } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { INTERRUPTED } from "../../lib/worker/messages.ts";
import { BLOCK, plainText, startToy } from "../prefix/_toy_cache.ts";

const PROMPT = Array.from({ length: 40 }, (_, i) => i % 7);
const TOKENS = 100;

/** Decodes until so many tokens are there, and aborts; returns the text. */
async function cutOff(
  { decoding, cache }: Awaited<ReturnType<typeof startToy>>,
  { tokens, reason, retention }: {
    tokens: number;
    reason?: string;
    retention?: "in_memory";
  },
): Promise<number[]> {
  const text = [...PROMPT];
  const leaving = new AbortController();
  const outputs = decoding.decode({
    prompt: Int32Array.from(PROMPT),
    sampling: GREEDY,
    maxTokens: 300,
    endTokens: new Set(),
    draft: "bita",
    cache: { caller: "", salt: "", retention },
    signal: leaving.signal,
  });
  try {
    for await (const output of outputs) {
      text.push(...output.tokens);
      if (text.length >= PROMPT.length + tokens) leaving.abort(reason);
    }
  } catch (error) {
    assertEquals(error, leaving.signal.reason);
  }
  await decoding.idle();
  assertEquals(cache.counters.dropped, 0);
  return text;
}

Deno.test("another server goes on where one was interrupted, from what that has stored", async () => {
  const folder = await Deno.makeTempDir();
  const kv = `${folder}/kv.sqlite`;
  let text: number[];
  {
    using server = await startToy({ kv });
    text = await cutOff(server, { tokens: TOKENS, reason: INTERRUPTED });
  }
  {
    using server = await startToy({ kv });
    const { tokens, cached } = await server.ask(text);
    assert(cached > text.length - 2 * BLOCK, `${cached} of ${text.length}`);
    assertEquals(tokens, await plainText(text));
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("what a client has left is not stored, nor what it forbade to store", async () => {
  const folder = await Deno.makeTempDir();
  const kv = `${folder}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    await cutOff(server, { tokens: TOKENS });
    const retention = "in_memory";
    await cutOff(server, { tokens: TOKENS, reason: INTERRUPTED, retention });
    assertEquals(server.cache.counters.written, 0);
  }
  await Deno.remove(folder, { recursive: true });
});
