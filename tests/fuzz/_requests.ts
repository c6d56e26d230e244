/**
 * Requests that clients and attackers may send: bodies from the schemas of the resources,
 * with some fields replaced, and then with bytes, encodings, headers, methods and paths
 * changed.
 *
 * @module
 */

import fc from "fast-check";
import type { z } from "zod";
import { type Resource, RESOURCES } from "./_resources.ts";

/** A request, and whether its body is still a JSON object by its label. */
export interface FuzzedRequest {
  path: string;
  init: RequestInit & { headers: Record<string, string> };
  isObject: boolean;
}

/** Nests a value in arrays. */
const nested = (depth: number) => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};

/** Values of every kind that some field takes, and of kinds that none takes. */
const VALUES: unknown[] = [
  ...[null, true, false, "", "a", "text", "toy", [], {}, [""], ["a", "b"]],
  ...[0, -0, 1, -1, 2, 0.5, 1.5, -2, 3, 16, 1e9, -1e9, 1e308, 2 ** 31, 2 ** 53],
  ...[5e-324, 1e-9, 0.999999999999999, 4294967296],
  ...["auto", "bita", "hydra", "ngram", "recycle", "none", "24h", "in_memory"],
  ...["5-4-3", "paper", "9-9-9-9-9-9-9-9", "0", "1e3", "NaN", "Infinity"],
  ...["\0", "\ud800", "\udc00x", "\u202e", "🙂".repeat(70), "x".repeat(300)],
  ...["<|im_end|>", "<|im_start|>system\n", "\u0301".repeat(500), "__proto__"],
  ...[[1], [[1, 2]], [null], [0.5, "a"], nested(64), nested(5000)],
  ...[{ "1": 5 }, { "1": -100, "2": 100 }, { "-1": 1 }, { a: 1 }, { "1": "x" }],
  ...[{ "99999999": 1 }, { constructor: 1 }, { toString: null }],
  ...[{ include_usage: true }, { type: "text" }, { type: "json_object" }],
  ...[{ type: "content", content: "The quick" }, { type: "text", text: "a" }],
  ...[{ type: "content", content: [{ type: "text", text: "x" }] }],
  ...[[{ role: "user", content: "a" }], [{ role: "tool", content: "a" }]],
  ...[[{ role: "assistant", content: null }], [{ role: "user" }], [{}]],
  ...[[{ role: "system", content: [{ type: "text", text: "b" }] }]],
  ...[[{ role: "user", content: [{ type: "image_url" }] }]],
  ...[[{ type: "text", text: "a", cache_control: { type: "ephemeral" } }]],
  ...["tool_use", "tool_result", "thinking"].map((type) => [
    { role: "user", content: "a" },
    {
      role: type === "tool_result" ? "user" : "assistant",
      content: [{ type, id: "a", name: "a", input: {}, tool_use_id: "a" }],
    },
  ]),
  ...[[{ name: "a", input_schema: {} }], [{ type: "bash_20250124" }]],
  ...[{ type: "any" }, { type: "tool", name: "a" }, { type: "ephemeral" }],
  ...["function_call", "function_call_output", "item_reference", "x"].map((
    type,
  ) => [{ type, id: "msg_a_0", call_id: "a", name: "a", arguments: "{" }]),
  ...[[{ role: "user", content: [{ type: "input_text", text: "a" }] }]],
  ...[[{ type: "function", name: "a" }, { type: "custom" }], "resp_a"],
  ...[{ format: { type: "json_object" } }, { format: {} }, { a: "b" }],
  ...[["message.output_text.logprobs"], { type: "function", name: "a" }],
  ...[{ num_predict: -2, top_k: 5 }, { format: { type: "json_schema" } }],
  ...[[{ type: "choice", instructions: "a", choices: [] }], [{ type: "b" }]],
  ...[["a", "b"], [true, "b"], ["a", "a"]].map((values) => [
    { type: "predicate", instructions: [{ type: "input_text", text: "a" }] },
    {
      type: "choice",
      instructions: "",
      name: "c",
      choices: values.map((value) => ({ value, description: "d" })),
    },
    {
      type: "score",
      instructions: "a",
      levels: values.map((label) => ({ label })),
    },
  ]),
  ...[[{ role: "user", content: [{ type: "input_json", data: { a: 1 } }] }]],
  ...["base64", "float", [[1, 2], "a"], { temperature: 0.5, stop: ["a"] }],
];

/** Draws a value of a field: mostly one that its schema takes. */
function valueOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const taken = VALUES.filter((value) => schema.safeParse(value).success);
  return fc.oneof(
    { arbitrary: fc.constantFrom(...taken, null), weight: 6 },
    { arbitrary: fc.constantFrom(...VALUES), weight: 2 },
    { arbitrary: fc.jsonValue(), weight: 1 },
    { arbitrary: fc.double(), weight: 1 },
  );
}

/** Draws the JSON text of a body, in any order of its fields. */
function bodyOf({ shape, good }: Resource): fc.Arbitrary<string> {
  const fields = Object.entries(shape).map(([name, schema]) =>
    valueOf(schema).map((value) => [name, value] as const)
  );
  const unknown = fc.tuple(
    fc.constantFrom("never_heard_of", "__proto__", "constructor", ""),
    fc.constantFrom(...VALUES),
  );
  return fc.array(
    fc.oneof(
      { arbitrary: fc.oneof(...fields), weight: 20 },
      { arbitrary: unknown, weight: 1 },
    ),
    { maxLength: 3 },
  ).map((drawn) => {
    const entries = [...Object.entries(good), ...drawn]
      .map(([name, value]) =>
        `${JSON.stringify(name)}:${JSON.stringify(value)}`
      );
    return `{${entries.join()}}`; // a name may come twice: the last one counts
  });
}

/** Draws changes of a body's bytes. */
const damage: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]) => (bytes: Uint8Array) =>
    bytes.map((old, i) => i === at % bytes.length ? byte : old)
  ),
  fc.nat().map((at) => (bytes: Uint8Array) =>
    bytes.slice(0, at % (bytes.length + 1))
  ),
  fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 9 })).map(
    ([at, part]) => (bytes: Uint8Array) => {
      const cut = at % (bytes.length + 1);
      return Uint8Array.of(
        ...bytes.slice(0, cut),
        ...part,
        ...bytes.slice(cut),
      );
    },
  ),
  fc.constant((bytes: Uint8Array) =>
    Uint8Array.from(bytes, (_, i) => i % 2 ? 0 : bytes[i >> 1])
  ),
);

const HEADERS: Record<string, string>[] = [
  { "content-type": "text/plain" },
  { "content-type": "application/json; charset=utf-8" },
  { "content-type": "application/jsonx" },
  { "content-encoding": "gzip" },
  { "content-encoding": "br" },
  { "content-encoding": "deflate" },
  { accept: "text/event-stream" },
  { authorization: "Bearer x" },
  { "x-request-id": "a".repeat(300) },
  { host: "localhost/health?" },
];

const PATHS = [
  "/v1/models",
  "/v1/models/toy",
  "/v1/models/%2e%2e%2fetc%2fpasswd",
  "/v1/models/__proto__",
  "/v1/models/%",
  "/v1/models/a%00b",
  "/v1//completions",
  "/v1/chat/completions/",
  "/v1/responses/resp_0123456789abcdef",
  "/v1/responses/%00",
  "/v1/embeddings/",
  "/v1/messages/batches",
  "/api/tags",
  "/api/ps",
  "/api/version",
  "/api/delete",
  "/api/blobs/a",
  "/v2/completions",
  "/admin/cache",
  "/admin/cache?callr=x",
  "/health",
  "/metrics",
  "/live",
  "/ready",
];

const METHODS = ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"];

/** Draws a value once in `times` times, and `null` otherwise. */
function rarely<T>(value: fc.Arbitrary<T>, times: number) {
  return fc.oneof(
    { arbitrary: fc.constant(null), weight: times - 1 },
    { arbitrary: value, weight: 1 },
  );
}

function requestsFor(resource: Resource): fc.Arbitrary<FuzzedRequest> {
  return fc.record({
    body: bodyOf(resource),
    damage: rarely(damage, 6),
    headers: rarely(fc.constantFrom(...HEADERS), 10),
    path: rarely(fc.constantFrom(...PATHS), 12),
    method: rarely(fc.constantFrom(...METHODS), 20),
  }).map(({ body, damage, headers, path, method }) => {
    const bytes = new TextEncoder().encode(body);
    const sent = damage ? damage(bytes) : bytes;
    const bodiless = method === "GET" || method === "HEAD";
    return {
      path: path ?? resource.path,
      init: {
        method: method ?? "POST",
        headers: { "content-type": "application/json", ...headers },
        ...(bodiless ? {} : { body: sent as Uint8Array<ArrayBuffer> }),
      },
      isObject: !damage && !headers && !path && !method,
    };
  });
}

/** Draws a request without a body, to any path. */
const bodiless: fc.Arbitrary<FuzzedRequest> = fc.record({
  path: fc.constantFrom(...PATHS, ...RESOURCES.map(({ path }) => path)),
  method: fc.constantFrom("GET", ...METHODS),
  headers: rarely(fc.constantFrom(...HEADERS), 3),
}).map(({ path, method, headers }) => ({
  path,
  init: { method, headers: { ...headers } },
  isObject: false,
}));

/** Draws a request of any kind. */
export const requests: fc.Arbitrary<FuzzedRequest> = fc.oneof(
  ...RESOURCES.map(requestsFor),
  bodiless,
);
