import { assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";
import { chat } from "./_serve.ts";

const page = "https://page.example";

function app(corsOrigins?: string[]) {
  return createApp({
    engines: [toyEngine()],
    apiKeys: ["key"],
    ...(corsOrigins ? { corsOrigins } : {}),
    logFailure() {},
  });
}

function preflight(origin: string): RequestInit {
  return {
    method: "OPTIONS",
    headers: {
      "Origin": origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers":
        "authorization,content-type,x-stainless-helper-method",
      "Access-Control-Request-Private-Network": "true",
    },
  };
}

Deno.test("crossOrigin() grants a preflight all that it asks for, without a key", async () => {
  const response = await app().request("/v1/chat/completions", preflight(page));
  assertEquals(response.status, 204);
  const { headers } = response;
  assertEquals(headers.get("Access-Control-Allow-Origin"), "*");
  assertEquals(
    headers.get("Access-Control-Allow-Headers"),
    "authorization,content-type,x-stainless-helper-method",
  );
  assertStringIncludes(headers.get("Access-Control-Allow-Methods")!, "POST");
  assertEquals(headers.get("Access-Control-Allow-Private-Network"), "true");
  assertEquals(headers.has("x-request-id"), true);
});

Deno.test("crossOrigin() lets a page read errors and the headers that clients use", async () => {
  const response = await app().request("/v1/models", {
    headers: { "Origin": page },
  });
  await response.body?.cancel();
  assertEquals(response.status, 401);
  assertEquals(response.headers.get("Access-Control-Allow-Origin"), "*");
  const exposed = response.headers.get("Access-Control-Expose-Headers")!;
  for (const name of ["x-request-id", "retry-after", "retry-after-ms"]) {
    assertStringIncludes(exposed, name);
  }
});

Deno.test("crossOrigin() covers a stream", async () => {
  const open = createApp({ engines: [toyEngine()], logFailure() {} });
  const response = await open.request(
    "/v1/chat/completions",
    chat({ stream: true }),
  );
  await response.text();
  assertEquals(response.headers.get("Access-Control-Allow-Origin"), "*");
});

Deno.test("createApp() lets no page of another origin read what operators see", async () => {
  for (const path of ["/metrics", "/health", "/live", "/ready"]) {
    const response = await app().request(path, { headers: { Origin: page } });
    await response.body?.cancel();
    assertEquals(response.status, 200);
    assertEquals(response.headers.has("Access-Control-Allow-Origin"), false);
  }
});

Deno.test("crossOrigin() knows only the listed origins if there is a list", async () => {
  const listed = app([page, "https://other.example"]);
  const allowed = async (origin: string) => {
    const { headers } = await listed.request("/v1/models", preflight(origin));
    return [
      headers.get("Access-Control-Allow-Origin"),
      headers.get("Access-Control-Allow-Private-Network"),
    ];
  };
  assertEquals(await allowed(page), [page, "true"]);
  assertEquals(await allowed("https://evil.example"), [null, null]);
});
