import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { type Instance, serverless } from "./_serverless.ts";

const STARTS = 4;
const REQUESTS = 50;

/** Prepares a host whose instances serve a tiny model. */
async function host(env: Record<string, string> = {}) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const inner = serverless({
    ...{ MODEL: path, CACHE_DIR: folder, BACKEND: "cpu", LOAD: "lazy" },
    DRAIN_SECONDS: "1",
    ...env,
  });
  return {
    start: inner.start,
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
      ...{ model: "tiny", prompt: "The", temperature: 0, max_tokens: 4 },
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

Deno.test("`deno serve edge.ts` loses nothing over several starts and stops", async () => {
  using here = await host();
  const answers = new Set<string>();
  let served = 0;
  for (let start = 1; start <= STARTS; start++) {
    await using instance = await here.start();
    // It listens before its model is open, and probes do not open it.
    assertEquals(await probe(instance, "/live"), [200, undefined]);
    assertEquals(await probe(instance, "/v1/models"), [200, "tiny"]);
    assertEquals(await probe(instance, "/ready"), [200, undefined]);
    assertEquals(await probe(instance, "/health"), [200, "asleep"]);

    const requests = Array.from({ length: REQUESTS }, () => complete(instance));
    for (const response of await Promise.all(requests)) {
      assertEquals(response.status, 200);
      answers.add((await response.json()).choices[0].text);
      served++;
    }
    assertEquals(await probe(instance, "/health"), [200, "ready"]);
    const stream = await complete(instance, { max_tokens: 200, stream: true });
    const [code, text] = await Promise.all([instance.stop(), stream.text()]);
    assertEquals(code, 0);
    // It came to its end, or says why it did not.
    assertMatch(text.trim().split("\n\n").at(-1)!, /\[DONE\]|shutting_down/);
    assertStringIncludes(instance.output(), "no kv: Deno must run with its KV");
  }
  assertEquals([served, answers.size], [STARTS * REQUESTS, 1]);
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
