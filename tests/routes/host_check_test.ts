import { assertEquals } from "@std/assert";
import { toyEngine } from "../toy/engine.ts";
import { serve, type TestServer } from "./_serve.ts";

/** Sends a request by hand, as no client would, and gives status and body. */
async function send(
  { port }: TestServer,
  lines: string[],
): Promise<{ status: number; body: string }> {
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const text = [...lines, "Connection: close", "", ""].join("\r\n");
  await socket.write(new TextEncoder().encode(text));
  const answer = await new Response(socket.readable).text();
  const [head, body] = answer.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), body };
}

Deno.test("hostCheck() refuses a Host that would move the path", async (t) => {
  await using server = await serve({
    engines: [toyEngine()],
    apiKeys: ["key"],
  });
  const hosts = [
    "",
    "localhost/health?",
    "localhost/health#",
    "localhost?",
    "localhost#",
    "me@localhost",
    "local host",
    "local\\host",
    "local%2fhost",
    "a,b",
    "localhost:80:80",
    "localhost:",
    "[::1",
  ];
  for (const host of hosts) {
    await t.step(JSON.stringify(host), async () => {
      const { status, body } = await send(server, [
        "GET /v1/models HTTP/1.1",
        `Host: ${host}`,
      ]);
      assertEquals(status, 400);
      assertEquals(JSON.parse(body).error.type, "invalid_request_error");
    });
  }
});

Deno.test("hostCheck() refuses a target of another host", async () => {
  await using server = await serve({ engines: [toyEngine()] });
  const { status } = await send(server, [
    "GET http://other/health HTTP/1.1",
    "Host: localhost",
  ]);
  assertEquals(status, 400);
});

Deno.test("hostCheck() passes names, addresses and ports", async (t) => {
  await using server = await serve({ engines: [toyEngine()] });
  const hosts = [
    "localhost",
    "LocalHost:8000",
    "127.0.0.1",
    "[::1]:80",
    "a-b.c",
  ];
  for (const host of hosts) {
    await t.step(host, async () => {
      const lines = ["GET /health HTTP/1.1", `Host: ${host}`];
      assertEquals((await send(server, lines)).status, 200);
    });
  }
});

Deno.test("hostCheck() passes HTTP/1.0, which needs no Host", async () => {
  await using server = await serve({ engines: [toyEngine()] });
  const { status } = await send(server, ["GET /health HTTP/1.0"]);
  assertEquals(status, 200);
});

Deno.test("listen() believes no header that a proxy may have set", async () => {
  const logged: unknown[] = [];
  await using server = await serve({
    engines: [toyEngine()],
    apiKeys: ["key"],
    logRequest: (record) => logged.push(record),
  });
  const ask = async (forged: string[]) => {
    const answers = [];
    for (const path of ["/v1/models", "/health", "/admin/cache", "/none"]) {
      const lines = [`GET ${path} HTTP/1.1`, "Host: localhost", ...forged];
      answers.push(await send(server, lines));
    }
    return answers.map(({ status, body }) => [status, body.length]);
  };
  const forged = await ask([
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-Host: forged.example",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Prefix: /health",
    "X-Original-URL: /health",
    "X-Rewrite-URL: /health",
    "X-HTTP-Method-Override: DELETE",
    "Forwarded: for=127.0.0.1;host=forged.example",
  ]);
  assertEquals(forged, await ask([]));
  assertEquals(forged[0][0], 401);
  assertEquals(JSON.stringify(logged).includes("forged"), false);
});
