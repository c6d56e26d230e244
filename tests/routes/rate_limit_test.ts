import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { callerOf, plainKey } from "../../lib/access/api_keys.ts";
import { parseKeys } from "../../lib/access/key_lines.ts";
import type { Limits } from "../../lib/access/buckets.ts";
import { createApp } from "../../routes/app.ts";
import { duration, LIMITED } from "../../routes/middleware/rate_limit.ts";
import { toyEngine, type ToyOptions } from "../toy/engine.ts";
import { until } from "./_serve.ts";

/** Serves a toy with a file of keys, at a time that stands still. */
function limited(
  limits: Limits,
  lines: string[] = [],
  options: ToyOptions = {},
) {
  const clock = { ms: 0 };
  const toy = toyEngine(options);
  const ended: string[] = [];
  const keys = parseKeys(lines.join("\n"), { limits });
  const app = createApp({
    engines: [toy],
    limits,
    ...lines.length > 0 && { fileKeys: () => keys },
    logFailure() {},
    logGeneration: ({ outcome }) => ended.push(outcome),
    now: () => clock.ms,
  });
  const post = (path: string, fields: object = {}, key?: string) =>
    app.request(path, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...key && { Authorization: `Bearer ${key}` },
      },
      body: JSON.stringify({
        model: "toy",
        ...path.endsWith("messages") && { max_tokens: 9 },
        ...fields,
      }),
    });
  return { app, clock, post, toy, ended };
}

const BODIES: Record<string, object> = {
  "/v1/chat/completions": { messages: [{ role: "user", content: "Hi" }] },
  "/v1/completions": { prompt: "Hi" },
  "/v1/decisions": {
    input: "Hi",
    questions: [{ type: "predicate", instructions: "A greeting?" }],
  },
  "/v1/embeddings": { input: "Hi" },
  "/v1/messages": { messages: [{ role: "user", content: "Hi" }] },
  "/v1/responses": { input: "Hi" },
  "/api/chat": { messages: [{ role: "user", content: "Hi" }], stream: false },
  "/api/generate": { prompt: "Hi", stream: false },
};

/** The limits' headers of an answer. */
function limitsOf({ headers }: Response): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(([name]) => /ratelimit|retry-after/.test(name)),
  );
}

Deno.test("rateLimit() answers 429 with OpenAI's code and headers, until time has passed", async () => {
  const { clock, post } = limited({ requests: 2, tokens: 600 });
  const ask = () => post("/v1/completions", { prompt: "Hi", max_tokens: 3 });
  const first = await ask();
  assertEquals(first.status, 200);
  assertEquals(limitsOf(first), {
    "x-ratelimit-limit-requests": "2",
    "x-ratelimit-remaining-requests": "1",
    "x-ratelimit-reset-requests": "30s",
    "x-ratelimit-limit-tokens": "600",
    "x-ratelimit-remaining-tokens": "600",
    "x-ratelimit-reset-tokens": "0ms",
  });
  const second = await ask();
  assertEquals(second.headers.get("x-ratelimit-remaining-tokens"), "596");
  assertEquals(second.headers.get("x-ratelimit-reset-tokens"), "400ms");
  const third = await ask();
  assertEquals(third.status, 429);
  const headers = limitsOf(third);
  assertEquals(headers["retry-after"], "30");
  assertEquals(headers["retry-after-ms"], "30000");
  assertEquals(headers["x-ratelimit-remaining-requests"], "0");
  const { error } = await third.json();
  assertEquals([error.code, error.type], [
    "rate_limit_exceeded",
    "rate_limit_error",
  ]);
  assertStringIncludes(error.message, "2 requests a minute");
  clock.ms = 30_000;
  assertEquals((await ask()).status, 200);
});

Deno.test("rateLimit() counts the tokens of every API, streamed or whole", async () => {
  for (const [path, fields] of Object.entries(BODIES)) {
    for (
      const stream of /embeddings|decisions/.test(path)
        ? [false]
        : [false, true]
    ) {
      const { post } = limited({ tokens: 1 });
      const first = await post(path, { ...fields, stream });
      assertEquals(first.status, 200, path);
      await first.text();
      const second = await post(path, fields);
      assertEquals(second.status, 429, `${path}, stream: ${stream}`);
      assertStringIncludes(await second.text(), "1 tokens a minute");
    }
  }
});

Deno.test("rateLimit() counts what the model had begun with when a client left", async () => {
  // The words of a prompt are the toy's tokens.
  for (const prompt of ["one two three", ["one two", "three four five"]]) {
    for (const stream of [false, true]) {
      const { app, post, toy, ended } = limited({ tokens: 60 }, [], {
        pace: () => new Promise(() => {}), // no prompt is ever read to its end
      });
      const leaving = new AbortController();
      const answer = app.request("/v1/completions", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ model: "toy", prompt, stream }),
        signal: leaving.signal,
      });
      const prompts = [prompt].flat();
      await until(() => toy.runs.length === prompts.length);
      leaving.abort();
      await until(() => ended.length > 0);
      assertEquals(ended, ["abort"]);
      await Promise.resolve(answer).then((left) => left.body?.cancel());
      const next = await post("/v1/embeddings", { input: "Hi" });
      const { length } = prompts.join(" ").split(" ");
      assertEquals(
        limitsOf(next)["x-ratelimit-remaining-tokens"],
        String(60 - length),
      );
    }
  }
});

Deno.test("rateLimit() limits all routes that have the model compute, before they queue", async () => {
  assertEquals(Object.keys(BODIES).sort(), [...LIMITED].sort());
  const { app, post, toy } = limited({ requests: 1 });
  assertEquals(
    (await post("/v1/completions", BODIES["/v1/completions"])).status,
    200,
  );
  for (const path of LIMITED) {
    // It is refused before its body is read.
    const paths = [path, path.replace("/v1/", "/v1//"), `${path}/`];
    for (const spelt of paths) {
      assertEquals((await post(spelt)).status, 429, spelt);
    }
  }
  assertEquals((await app.request("/v1/models")).status, 200);
  assertEquals(toy.runs.length, 1);
  // A route that is new is either limited or known to compute nothing.
  const free = app.routes.filter(({ method, path }) =>
    method === "POST" && /^\/(v1|api)\//.test(path) && !LIMITED.includes(path)
  ).map(({ path }) => path);
  assertEquals([...new Set(free)].sort(), [
    "/api/pull",
    "/api/show",
    "/v1/apply-template",
    "/v1/detokenize",
    "/v1/messages/count_tokens",
    "/v1/responses/input_tokens",
    "/v1/tokenize",
  ]);
});

Deno.test("rateLimit() counts by key, and a key's own limits come first", async () => {
  const lines = ["one", "two requests=2", "three requests=none"]
    .map((line) =>
      line.replace(/^\w+/, (key) => `${key} ${callerOf(plainKey(key))}`)
    );
  const { post } = limited({ requests: 1 }, lines);
  const passed = async (key: string) => {
    const all = await Promise.all(
      [1, 2, 3].map(() => post("/v1/completions", { prompt: "Hi" }, key)),
    );
    return all.map(({ status }) => status);
  };
  assertEquals(await passed("one"), [200, 429, 429]);
  assertEquals(await passed("two"), [200, 200, 429]);
  assertEquals(await passed("three"), [200, 200, 200]);
  assertEquals(await passed("four"), [401, 401, 401]);
});

Deno.test("rateLimit() without limits sends no header", async () => {
  const { post } = limited({});
  const response = await post("/v1/completions", { prompt: "Hi" });
  assertEquals(limitsOf(response), {});
  assert(response.ok);
});

Deno.test("duration() writes times as OpenAI does", () => {
  const cases: [number, string][] = [
    [0, "0ms"],
    [12, "12ms"],
    [1000, "1s"],
    [8640, "8.64s"],
    [360_000, "6m0s"],
    [3_661_500, "1h1m1.5s"],
  ];
  for (const [ms, text] of cases) assertEquals(duration(ms), text);
});
