import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";
import { chat } from "./_serve.ts";

const failures: unknown[] = [];
const app = createApp({
  engines: [toyEngine()],
  logFailure: (error) => failures.push(error),
});

const FIELDS = [
  "messages",
  "prompt",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "top_k",
  "seed",
  "stop",
  "n",
  "stream",
  "stream_options",
  "logit_bias",
  "tools",
  "response_format",
  "draft",
  "__proto__",
];

/** A good body with some fields replaced by anything. */
const nearlyGood = fc.dictionary(
  fc.constantFrom(...FIELDS),
  fc.oneof(fc.jsonValue(), fc.constantFrom(true, 1, "a", null, [], {})),
).map((fields) =>
  JSON.stringify({
    model: "toy",
    prompt: "Once",
    messages: [{ role: "user", content: "Hi" }],
    ...fields,
  })
);

const body = fc.oneof(fc.string(), fc.json(), nearlyGood);

Deno.test("createApp() answers any body with a reply or a 400, never a failure", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("/v1/chat/completions", "/v1/completions"),
      body,
      async (path, body) => {
        const response = await app.request(path, { ...chat(), body });
        const text = await response.text();
        assert([200, 400].includes(response.status), text);
        if (response.status === 400) assert(JSON.parse(text).error.message);
      },
    ),
    { numRuns: 500 },
  );
  assertEquals(failures, []);
});
