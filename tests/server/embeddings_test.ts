import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import OpenAI from "openai";
import { startServer } from "./_server.ts";
import { POOLED } from "../bita/decode/embed/_files.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";

let server: Awaited<ReturnType<typeof startServer>>;
let openai: OpenAI;
let folder: string;

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir();
  await writeTinyGguf(`${folder}/pooled.gguf`, POOLED.last);
  await writeTinyGguf(`${folder}/chatty.gguf`, { seed: 1 });
  server = await startServer({
    MODEL: `${folder}/pooled.gguf,${folder}/chatty.gguf`,
    CACHE_DIR: folder,
    BACKEND: "cpu",
  });
  const baseURL = `${server.url}/v1`;
  openai = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
});

Deno.test.afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
});

const dot = (a: number[], b: number[]) =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);

Deno.test("OpenAI's client gets vectors of length 1, of texts and of tokens", async () => {
  const model = "pooled";
  const input = ["The other", "and the thing", "The other"];
  // The client asks for base64 by itself, and reads it.
  const { data, usage } = await openai.embeddings.create({ model, input });
  const [first, second, third] = data.map(({ embedding }) => embedding);
  assertEquals(data.map(({ index }) => index), [0, 1, 2]);
  assertEquals(first.length, 128);
  assertAlmostEquals(dot(first, first), 1, 1e-5);
  assertEquals(first, third);
  assert(dot(first, second) < 0.999);
  const floats = await openai.embeddings.create({
    model,
    input: input[0],
    encoding_format: "float",
  });
  for (const [i, x] of floats.data[0].embedding.entries()) {
    assertAlmostEquals(x, first[i], 1e-6);
  }
  const response = await fetch(`${server.url}/tokenize`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, prompt: input[0] }),
  });
  const { tokens } = await response.json();
  const ofTokens = await openai.embeddings.create({ model, input: tokens });
  assertEquals(ofTokens.data[0].embedding, first);
  assertEquals(ofTokens.usage.prompt_tokens, tokens.length);
  assert(usage.total_tokens > tokens.length * 2);
});

Deno.test("embeddings can be cut, and are of length 1 then, too", async () => {
  const request = { model: "pooled", input: "a thing" };
  const { data: [{ embedding: whole }] } = await openai.embeddings.create(
    request,
  );
  const { data: [{ embedding: cut }] } = await openai.embeddings.create({
    ...request,
    dimensions: 32,
  });
  assertEquals(cut.length, 32);
  assertAlmostEquals(dot(cut, cut), 1, 1e-5);
  const scale = whole[0] / cut[0];
  for (const [i, x] of cut.entries()) {
    assertAlmostEquals(x * scale, whole[i], 1e-5);
  }
});

Deno.test("embeddings refuse what they cannot make", async () => {
  const cases: [object, string, string][] = [
    [{ model: "chatty" }, "model", "must name the pooling"],
    [{ input: "" }, "input", "1 to 512 tokens: received 0"],
    [{ input: ["a", "b ".repeat(600)] }, "input[1]", "tokens"],
    [{ input: [[1], [300]] }, "input[1]", "below 300"],
    [{ input: [] }, "input", "must be"],
    [{ dimensions: 129 }, "dimensions", "at most 128"],
  ];
  for (const [fields, param, words] of cases) {
    const body = { model: "pooled", input: "a", ...fields };
    const error = await openai.embeddings.create(body).catch((error) => error);
    const what = JSON.stringify(fields).slice(0, 60);
    assertEquals([error.status, error.param], [400, param], what);
    assert(error.message.includes(words), error.message);
  }
});

/** Reads the metrics of the model, by name and further labels. */
async function metrics(): Promise<Map<string, number>> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return new Map(
    text.split("\n").filter((line) => line.includes('model_name="pooled"'))
      .map((line) => {
        const [name, value] = line.split(" ");
        return [name.replace(/model_name="pooled",?/, ""), Number(value)];
      }),
  );
}

Deno.test("embeddings are counted, timed and logged as other requests are", async () => {
  const before = await metrics();
  const input = ["The other", "a thing"];
  const { usage } = await openai.embeddings.create({ model: "pooled", input });
  const { total_tokens: tokens } = usage;
  await openai.embeddings.create({ model: "pooled", input: "" }).catch(
    () => {},
  );
  const after = await metrics();
  const grown = (name: string, labels = "") => {
    const key = `${name}{${labels}}`;
    return (after.get(key) ?? 0) - (before.get(key) ?? 0);
  };
  const ended = "vllm:request_success_total";
  assertEquals(grown("vllm:prompt_tokens_total"), tokens);
  assertEquals(grown(ended, 'finished_reason="stop"'), 1);
  assertEquals(grown(ended, 'finished_reason="refused"'), 1);
  for (const time of ["e2e_request_latency", "request_prefill_time"]) {
    assertEquals(grown(`vllm:${time}_seconds_count`), 1, time);
    assert(grown(`vllm:${time}_seconds_sum`) > 0, time);
  }
  for (
    const name of [
      "vllm:generation_tokens_total",
      "vllm:prefix_cache_queries_total",
      "vllm:request_decode_time_seconds_count",
      "vllm:time_to_first_token_seconds_count",
    ]
  ) assertEquals(grown(name), 0, name);
  const logged = server.complaint().split("\n")
    .filter((line) => line.includes(`"embedding"`)).map((line) =>
      JSON.parse(line)
    );
  const [made, refused] = logged.slice(-2);
  assertEquals([made.outcome, made.promptTokens], ["stop", tokens]);
  assertEquals(refused.outcome, "refused");
});
