import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";

/** Asks an app of a toy that fails before its third word. */
function app() {
  return createApp({
    engines: [toyEngine({
      pace: (word) => {
        if (word === 2) throw new RangeError("secret");
      },
    })],
    apiKeys: ["key"],
    logFailure: () => {},
  });
}

function ask(path: string, fields: object = {}, headers: HeadersInit = {}) {
  return app().request(path, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "x-api-key": "key",
      "anthropic-version": "2023-06-01",
      ...headers,
    },
    body: JSON.stringify({
      model: "toy",
      max_tokens: 2,
      messages: [{ role: "user", content: "Hi" }],
      ...fields,
    }),
  });
}

Deno.test("each failure below /v1/messages has Anthropic's body and header", async () => {
  const cases: [Promise<Response> | Response, number, string][] = [
    [ask("/v1/messages", { top_p: 2 }), 400, "invalid_request_error"],
    [ask("/v1/messages", { model: "x" }), 404, "not_found_error"],
    [ask("/v1/messages", { max_tokens: 3 }), 500, "api_error"],
    [ask("/v1/messages/batches"), 404, "not_found_error"],
    [
      ask("/v1/messages", {}, { "x-api-key": "" }),
      401,
      "authentication_error",
    ],
    [
      ask("/v1/messages/count_tokens", {}, { "Content-Type": "text/plain" }),
      400,
      "invalid_request_error",
    ],
    [
      app().request("/v1/messages", { headers: { "x-api-key": "key" } }),
      405,
      "invalid_request_error",
    ],
  ];
  for (const [asked, status, type] of cases) {
    const response = await asked;
    assertEquals(response.status, status);
    const { error, request_id, ...body } = await response.json();
    assertEquals([body, error.type], [{ type: "error" }, type]);
    assert(error.message);
    assertEquals(request_id, response.headers.get("request-id"));
    assertEquals(request_id, response.headers.get("x-request-id"));
  }
});

Deno.test("a failure in mid-stream is an event of its own", async () => {
  const response = await ask("/v1/messages", { max_tokens: 3, stream: true });
  assertMatch(response.headers.get("content-type")!, /^text\/event-stream/);
  assert(response.headers.get("request-id"));
  const events = (await response.text()).trim().split("\n\n");
  const [name, data] = events.at(-1)!.split("\n");
  assertEquals(name, "event: error");
  assertMatch(data, /^data: \{"type":"error","error":\{"type":"api_error"/);
});

Deno.test("/messages is served without /v1, too", async () => {
  const response = await ask("/messages", { max_tokens: 1 });
  assertEquals((await response.json()).content[0].text, "The");
});
