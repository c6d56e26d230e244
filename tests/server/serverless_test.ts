import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { MODEL } from "./_client.ts";
import { type Instance, serverless } from "./_serverless.ts";

/** By `deno task serverless`: more starts, with the real model. */
const IS_LONG = Deno.env.get("SERVERLESS") === "long";

const STARTS = IS_LONG ? 10 : 3;
const REQUESTS = 20;

/** Those of a start that are sent just before its end. */
const LATE = 8;

const ID = IS_LONG ? MODEL : "tiny";

/** Prepares a host whose instances serve a model. */
async function host(env: Record<string, string> = {}) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const model: Record<string, string> = IS_LONG
    ? { CONTEXT: "4096" }
    : { MODEL: path, CACHE_DIR: folder };
  const inner = serverless({
    ...model,
    BACKEND: "cpu",
    LOAD: "lazy",
    DRAIN_SECONDS: "1",
    ...env,
  });
  return {
    start: inner.start,
    limit: inner.limit,
    [Symbol.dispose]() {
      inner[Symbol.dispose]();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

function complete(
  { url }: Instance,
  fields: object = {},
): Promise<Response> {
  return fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model: ID,
      prompt: "The",
      temperature: 0,
      max_tokens: 4,
      ...fields,
    }),
  });
}

/** Reads what a probe answers: its status, and the state of the model if it has one. */
async function probe({ url }: Instance, path: string) {
  const response = await fetch(`${url}${path}`);
  const body = await response.json();
  return [response.status, body.models?.[0].state ?? body.data?.[0].id];
}

/** Returns the text that answers a request, or nothing if there is no answer. */
async function answerTo(instance: Instance): Promise<string | undefined> {
  const response = await complete(instance).catch(() => undefined);
  if (!response) return undefined; // nothing listens any more
  const { choices, error } = await response.json();
  if (response.ok) return choices[0].text;
  assertEquals([response.status, error.code], [503, "server_shutting_down"]);
}

/** Reads a stream that may be cut off: each token is counted, and there is an end. */
async function checkStream(response: Response): Promise<void> {
  const events = (await response.text()).split("\n\n")
    .filter((event) => event.startsWith("data: "));
  const last = events.pop()!;
  if (last === "data: [DONE]") return;
  const { error } = JSON.parse(last.replace(/^data: /, ""));
  assertEquals(error.code, "server_shutting_down");
  const [, tokens] = /: (\d+) tokens were sent$/.exec(error.message)!;
  assert(Number(tokens) >= events.length, `${tokens} of ${events.length}`);
}

Deno.test("`deno serve edge.ts` loses nothing over several starts and stops", async () => {
  using here = await host();
  const answers = new Set<string>();
  let answered = 0, missing = 0;
  for (let start = 1; start <= STARTS || missing > 0; start++) {
    await using instance = await here.start();
    // It listens before its model is open, and probes do not open it.
    assertEquals(await probe(instance, "/live"), [200, undefined]);
    assertEquals(await probe(instance, "/v1/models"), [200, ID]);
    assertEquals(await probe(instance, "/ready"), [200, undefined]);
    const metrics = await fetch(`${instance.url}/metrics`);
    assertStringIncludes(await metrics.text(), 'state="asleep"} 1');
    assertEquals(await probe(instance, "/health"), [200, "asleep"]);

    const isLast = start > STARTS;
    const early = missing + (isLast ? 0 : REQUESTS - LATE);
    const ask = (count: number) =>
      Array.from({ length: count }, () => answerTo(instance));
    for (const text of await Promise.all(ask(early))) {
      answers.add(text ?? "none");
    }
    answered += early;
    missing = 0;
    assertEquals(await probe(instance, "/health"), [200, "ready"]);
    const stream = await complete(instance, { max_tokens: 200, stream: true });
    const late = ask(isLast ? 0 : LATE);
    const stopping = instance.stop();
    await checkStream(stream);
    for (const text of await Promise.all(late)) {
      if (text === undefined) missing++;
      else answers.add(text);
    }
    answered += late.length - missing;
    assertEquals(await stopping, 0);
    assertStringIncludes(instance.output(), "no kv: Deno must run with its KV");
  }
  assertEquals([answered, answers.size], [STARTS * REQUESTS, 1]);
  const peak = here.limit.peak();
  const most = peak ? `, ${Math.round(peak / 2 ** 20)} MiB at most` : "";
  console.log(`Memory is limited by ${here.limit.about}${most}.`);
});

Deno.test({
  name:
    "a prompt of 3,000 tokens fits into the memory, twice, with a schema too",
  ignore: !IS_LONG,
  async fn() {
    using here = await host({ PARALLEL: "1" });
    await using instance = await here.start();
    const text = await Deno.readTextFile("tests/models/text.txt");
    const words = text.trim().split(/\s+/);
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const json = { type: "json_schema", json_schema: { name: "a", schema } };
    const requests = [[0, undefined], [0, json], [100, json]] as const;
    for (const [first, response_format] of requests) {
      const content = Array.from(
        { length: 2600 },
        (_, i) => words[(first + i) % words.length],
      ).join(" ");
      const response = await fetch(`${instance.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          model: ID,
          temperature: 0,
          max_tokens: 200,
          response_format,
          messages: [{ role: "user", content }],
        }),
      });
      const { usage } = await response.json();
      assert(response.ok && usage.prompt_tokens > 3000, usage);
    }
    const peak = (here.limit.peak() ?? 0) / 2 ** 20;
    console.log(`${Math.round(peak)} MiB at most`);
    assert(peak < 760);
  },
});

Deno.test("a request that its model keeps waiting is sent away in time", async () => {
  using here = await host({ START_SECONDS: "0" });
  await using instance = await here.start();
  const response = await complete(instance);
  assertEquals(response.status, 503);
  assert(Number(response.headers.get("retry-after-ms")) > 0);
  const { error } = await response.json();
  assertEquals(error.code, "model_unavailable");
  assertStringIncludes(error.message, "it is being opened");
});

Deno.test("a request that waits for its model is answered after a SIGINT, too", async () => {
  using here = await host({ DRAIN_SECONDS: "4" });
  await using instance = await here.start();
  const answers = [false, true].map(async (stream) => {
    const response = await complete(instance, { stream });
    return [response.status, await response.text()] as const;
  });
  while ((await probe(instance, "/health"))[1] === "asleep");
  assertEquals(await instance.stop(), 0);
  for (const [status, text] of await Promise.all(answers)) {
    assertEquals(status, 200);
    assertStringIncludes(text, '"finish_reason":"length"');
  }
});

Deno.test("a wrong setting ends `deno serve edge.ts` with one line", async () => {
  using here = await host({ THREADS: "many" });
  const failure = await here.start().then(() => "", ({ message }) => message);
  assertMatch(failure, /Cannot start: THREADS must be .+: received "many"\n$/);
});
