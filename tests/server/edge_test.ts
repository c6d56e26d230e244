import { assert, assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { client, MODEL } from "./_client.ts";
import { type RunningServer, startServer } from "./_server.ts";

const CONTEXT = 1024;

let server: RunningServer;
let openai: OpenAI;

Deno.test.beforeAll(async () => {
  server = await startServer({ CONTEXT: String(CONTEXT) });
  openai = client(server);
});

Deno.test.afterAll(() => server[Symbol.asyncDispose]());

const COUNTING = {
  model: MODEL,
  prompt: "1, 2, 3,",
  temperature: 0,
  draft: "none",
};

/** Completes a prompt by some tokens. */
async function complete(
  prompt: string,
  max_tokens: number,
  fields: object = {},
): Promise<string> {
  const completion = await openai.completions.create({
    ...COUNTING,
    ...fields,
    prompt,
    max_tokens,
  });
  return completion.choices[0].text;
}

Deno.test("clients that leave free the model for the next", async () => {
  const { prompt } = COUNTING;
  const time = async () => {
    const asked = performance.now();
    await complete(prompt, 8);
    return performance.now() - asked;
  };
  await time();
  const before = await time();
  for (let client = 0; client < 16; client++) {
    const stream = await openai.completions.create({
      ...COUNTING,
      max_tokens: 400,
      stream: true,
    });
    let pieces = 0;
    for await (const _ of stream) if (++pieces === 2) break;
  }
  const after = await time();
  assert(after < before * 3, `${after} ms, ${before} ms before they came`);
});

Deno.test("requests at once are each answered as if alone", async () => {
  const prompts = ["1, 2, 3,", "A, B, C,", "The sky is", "Once upon a"];
  const alone: string[] = [];
  for (const prompt of prompts) alone.push(await complete(prompt, 8));
  assertEquals(new Set(alone).size, prompts.length);

  const answers = prompts.map((prompt, i) =>
    complete(prompt, 8, { draft: ["none", "auto", "bita", "ngram"][i] })
  );
  assertEquals(await Promise.all(answers), alone);
});

Deno.test("a short request overtakes a long one", async () => {
  let longRuns = true;
  const long = complete("1, 2, 3,", 64).finally(() => longRuns = false);
  await complete("A, B, C,", 4);
  assert(longRuns);
  await long;
});

Deno.test("a stream goes on while a long prompt is read", async () => {
  const stream = await openai.completions.create({
    ...COUNTING,
    max_tokens: 200,
    stream: true,
  });
  const prompt = "text ".repeat(CONTEXT - 100);
  let reading = false;
  let pieces = 0;
  for await (const _ of stream) {
    if (pieces++ === 0) {
      reading = true;
      complete(prompt, 1).finally(() => reading = false);
    } else if (!reading) break;
  }
  // A piece a block, and the blocks have 64 rows.
  assert(pieces > (CONTEXT - 100) / 64, `${pieces} pieces`);
});

/** Counts how often the server says that it lives until a promise settles. */
async function probesDuring(promise: Promise<unknown>): Promise<number> {
  let running = true;
  promise.catch(() => {}).finally(() => running = false);
  let probes = 0;
  while (running) {
    const response = await fetch(`${server.url}/live`);
    assertEquals((await response.json()).status, "ok");
    probes++;
  }
  return probes;
}

Deno.test("the server answers others while it reads a long prompt", async () => {
  const completion = complete("word ".repeat(CONTEXT - 100), 1);
  const probes = await probesDuring(completion);
  await completion;
  assert(probes >= 10, `${probes} probes`);
});

Deno.test("the server answers others while it counts the tokens of a long prompt", async () => {
  const prompts = Array.from({ length: 4 }, () => "xQ9".repeat(10 * CONTEXT));
  const refused = Promise.all(
    prompts.map((prompt) =>
      assertRejects(() => complete(prompt, 1), OpenAI.BadRequestError)
    ),
  );
  const probes = await probesDuring(refused);
  await refused;
  assert(probes >= 10, `${probes} probes`);
});

Deno.test("a request for too many choices is refused", async () => {
  const error = await assertRejects(
    () => openai.completions.create({ ...COUNTING, n: 1000 }),
    OpenAI.BadRequestError,
  );
  assertEquals(error.param, "n");
});

Deno.test("a prompt beyond the context is refused with OpenAI's code", async () => {
  const content = "word ".repeat(CONTEXT);
  const messages = [{ role: "user" as const, content }];
  for (const stream of [false, true]) {
    const error = await assertRejects(
      () => openai.chat.completions.create({ model: MODEL, messages, stream }),
      OpenAI.BadRequestError,
    );
    assertEquals(error.code, "context_length_exceeded");
    assertEquals(error.param, "messages");
  }
});

Deno.test("a page of another origin may call with OpenAI's client", async () => {
  const origin = "https://page.example";
  const asked = "authorization,content-type,x-stainless-lang,x-stainless-os";
  const url = `${server.url}/v1/chat/completions`;
  const preflight = await fetch(url, {
    method: "OPTIONS",
    headers: {
      "Origin": origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": asked,
    },
  });
  await preflight.body?.cancel();
  assertEquals(preflight.status, 204);
  const allowed = (name: string) =>
    preflight.headers.get(`Access-Control-Allow-${name}`);
  assertEquals(allowed("Origin"), "*");
  assertEquals(allowed("Headers"), asked);
  assert(allowed("Methods")?.includes("POST"));

  const response = await fetch(`${server.url}/v1/models`, {
    headers: { "Origin": origin },
  });
  await response.body?.cancel();
  assertEquals(response.headers.get("Access-Control-Allow-Origin"), "*");
  const exposed = response.headers.get("Access-Control-Expose-Headers");
  for (const name of ["x-request-id", "retry-after", "retry-after-ms"]) {
    assert(exposed?.split(",").includes(name), name);
  }
});
