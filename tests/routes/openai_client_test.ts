import { assert, assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import type { ChatCompletionChunk } from "openai/resources";
import { Queue } from "../../lib/engine/admission/queue.ts";
import type { Timed } from "../../lib/wire/openai/reply.ts";
import { toyEngine } from "../toy/engine.ts";
import { serve, type TestServer } from "./_serve.ts";

function client({ url }: TestServer, apiKey = "key"): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

const hi = {
  model: "toy",
  messages: [{ role: "user" as const, content: "Hi" }],
};

Deno.test("OpenAI's client reads a whole chat completion", async () => {
  await using server = await serve({ engines: [toyEngine()] });
  const completion = await client(server).chat.completions.create(hi);
  const [choice] = completion.choices;
  assertEquals(choice.message.content, "The quick brown fox.");
  assertEquals(choice.finish_reason, "stop");
  assertEquals(completion.usage?.total_tokens, 5);
  assertEquals(completion.usage?.prompt_tokens_details?.cached_tokens, 1);
  assert(completion._request_id);
});

Deno.test("OpenAI's client reads a chat stream and its usage", async () => {
  await using server = await serve({ engines: [toyEngine()] });
  const stream = await client(server).chat.completions.create({
    ...hi,
    max_completion_tokens: 2,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks: (ChatCompletionChunk & Timed)[] = await Array.fromAsync(stream);
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "");
  assertEquals(text.join(""), "The quick");
  assertEquals(chunks.at(-2)?.choices[0].finish_reason, "length");
  assertEquals(chunks.at(-1)?.usage?.completion_tokens, 2);
  assertEquals(chunks.at(-1)?.timings?.predicted_n, 2);
  for (const field of ["id", "created", "model"] as const) {
    assertEquals(new Set(chunks.map((chunk) => chunk[field])).size, 1);
  }
});

Deno.test("OpenAI's stream helper puts the message together", async () => {
  await using server = await serve({ engines: [toyEngine()] });
  const stream = client(server).chat.completions.stream(hi);
  const { choices } = await stream.finalChatCompletion();
  assertEquals(choices[0].message.content, "The quick brown fox.");
});

Deno.test("OpenAI's client reads text completions, whole and as a stream", async () => {
  await using server = await serve({ engines: [toyEngine()] });
  const { completions } = client(server);
  const asked = { model: "toy", prompt: "Once", max_tokens: 3 };
  const whole = await completions.create(asked);
  assertEquals(whole.choices[0].text, "The quick brown");
  assertEquals(whole.choices[0].finish_reason, "length");
  const stream = await completions.create({ ...asked, stream: true });
  const chunks = await Array.fromAsync(stream);
  const text = chunks.map(({ choices }) => choices[0].text).join("");
  assertEquals(text, "The quick brown");
});

Deno.test("OpenAI's client lists models and retrieves one with a slash", async () => {
  const id = "owner/name";
  await using server = await serve({ engines: [toyEngine({ id })] });
  const { models } = client(server);
  const list = await Array.fromAsync(models.list());
  assertEquals(list.map((model) => model.id), [id]);
  assertEquals((await models.retrieve(id)).owned_by, "local");
});

Deno.test("OpenAI's client throws its own class for each error", async () => {
  const engine = toyEngine();
  const queue = new Queue({ maxRunning: 1, maxWaiting: 0 });
  const busy = toyEngine({ id: "busy", pace: hang, queue });
  const failing = toyEngine({
    id: "failing",
    pace: () => {
      throw new RangeError("secret");
    },
  });
  const engines = [engine, busy, failing];
  await using server = await serve({ engines, apiKeys: ["key"] });
  const { chat } = client(server);
  const ask = (fields: object) => () =>
    chat.completions.create({ ...hi, ...fields, stream: false });

  const bad = await assertRejects(ask({ top_p: 2 }), OpenAI.BadRequestError);
  assertEquals(bad.param, "top_p");
  const gone = await assertRejects(ask({ model: "x" }), OpenAI.NotFoundError);
  assertEquals(gone.code, "model_not_found");
  await assertRejects(ask({ model: "failing" }), OpenAI.InternalServerError);

  const stranger = client(server, "wrong");
  const unknown = await assertRejects(
    () => stranger.chat.completions.create(hi),
    OpenAI.AuthenticationError,
  );
  assertEquals(unknown.code, "invalid_api_key");
  assert(unknown.requestID);

  const leaving = new AbortController();
  const { signal } = leaving;
  const running = chat.completions.create({ ...hi, model: "busy" }, { signal });
  const refused = running.catch((error) => error);
  await started.promise;
  const full = await assertRejects(
    ask({ model: "busy" }),
    OpenAI.RateLimitError,
  );
  assertEquals(full.headers.get("retry-after-ms"), "1000");
  leaving.abort();
  assert(await refused instanceof OpenAI.APIUserAbortError);
});

Deno.test("OpenAI's client retries when it was told to come back", async () => {
  const gate = Promise.withResolvers<void>();
  const queue = new Queue({ maxRunning: 1, maxWaiting: 0 });
  const engine = toyEngine({ pace: () => gate.promise, queue });
  await using server = await serve({ engines: [engine] });
  const patient = client(server).withOptions({ maxRetries: 5 });
  const both = [1, 2].map((seed) =>
    patient.chat.completions.create({ ...hi, seed })
  );
  setTimeout(gate.resolve, 30);
  for (const { choices } of await Promise.all(both)) {
    assertEquals(choices[0].message.content, "The quick brown fox.");
  }
});

Deno.test("OpenAI's client throws an error that comes in mid-stream", async () => {
  const toy = toyEngine({
    pace: (word) => {
      if (word === 1) throw new RangeError("secret");
    },
  });
  await using server = await serve({ engines: [toy] });
  const stream = await client(server).chat.completions.create({
    ...hi,
    stream: true,
  });
  const error = await assertRejects(
    () => Array.fromAsync(stream),
    OpenAI.APIError,
  );
  assertEquals(error.type, "server_error");
});

const started = Promise.withResolvers<void>();

/** Never goes on. */
function hang(): Promise<void> {
  started.resolve();
  return new Promise(() => {});
}
