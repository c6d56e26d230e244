import { assertEquals, assertStringIncludes } from "@std/assert";
import { listen, type ListenOptions } from "../../routes/listen.ts";
import type { Handler } from "../../routes/exchange.ts";
import { until } from "./_serve.ts";

const HOST = "Host: localhost\r\n";
const GET = `GET / HTTP/1.1\r\n${HOST}\r\n`;

/** Serves a handler on a free port. */
async function start(handler: Handler, options: Partial<ListenOptions> = {}) {
  const at = { hostname: "127.0.0.1", port: 0, ...options };
  const server = await listen(handler, at);
  return { server, to: { hostname: at.hostname, port: server.addr.port } };
}

/** Sends text. */
async function send(socket: Deno.Conn, text: string): Promise<void> {
  await socket.write(new TextEncoder().encode(text));
}

/** Returns what comes until the other side ends the connection. */
async function receive(socket: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const read = await socket.read(buffer);
    if (read === null) return text;
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
  }
}

Deno.test("listen() answers 408 to a head or a body that comes too slowly", async (t) => {
  const { server, to } = await start(
    async (request) => new Response(await request.text()),
    { headMs: 100, requestMs: 200 },
  );
  const starts = [
    "",
    "GET / HTTP/1.1\r\n",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n1`,
  ];
  for (const text of starts) {
    await t.step(JSON.stringify(text), async () => {
      using socket = await Deno.connect(to);
      await send(socket, text);
      assertStringIncludes(await receive(socket), "HTTP/1.1 408 ");
    });
  }
  await server.shutdown();
});

Deno.test("listen() does not count an answer or a pause as a slow request", async () => {
  const { server, to } = await start(async () => {
    await new Promise((go) => setTimeout(go, 400));
    return new Response("slow");
  }, { headMs: 100, requestMs: 200 });
  using socket = await Deno.connect(to);
  await send(socket, `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\n1`);
  await new Promise((go) => setTimeout(go, 800));
  await send(socket, GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  assertEquals((await receive(socket)).match(/HTTP\/1.1 200 /g)?.length, 2);
  await server.shutdown();
});

Deno.test("listen() stops all that a client has asked for when it leaves", async () => {
  const aborted: string[] = [];
  const { server, to } = await start(({ url, signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        aborted.push(new URL(url).pathname);
        resolve(new Response());
      });
      if (url.endsWith("/b")) socket.close();
    })
  );
  const socket = await Deno.connect(to);
  const [a, b] = ["/a", "/b"].map((path) => GET.replace("/", path));
  await send(socket, a + b);
  await until(() => aborted.length === 2);
  assertEquals(aborted.sort(), ["/a", "/b"]);
  await server.shutdown();
});

Deno.test("listen() cuts a stream off whose client stands still, and no other", async () => {
  const part = new Uint8Array(1 << 16);
  const left = Promise.withResolvers<string>();
  const { server, to } = await start(({ url, signal }) => {
    signal.addEventListener("abort", () => left.resolve(new URL(url).pathname));
    let parts = url.endsWith("/endless") ? Infinity : 200;
    const body = new ReadableStream({
      pull: (stream) => parts-- ? stream.enqueue(part) : stream.close(),
    });
    const headers = { "X-Accel-Buffering": "no" };
    return new Response(body, { headers });
  }, { stallMs: 1000 });
  using socket = await Deno.connect(to);
  await send(socket, GET.replace("/", "/endless"));
  const response = await fetch(`http://${to.hostname}:${to.port}/`);
  assertEquals((await response.bytes()).length, 200 * part.length);
  assertEquals(await left.promise, "/endless");
  await server.shutdown();
});

Deno.test("shutdown() ends once replies do, even if a client keeps its connection", async () => {
  const asked = Promise.withResolvers<void>();
  const reply = Promise.withResolvers<Response>();
  const { server, to } = await start(() => {
    asked.resolve();
    return reply.promise;
  });
  using socket = await Deno.connect(to);
  await send(socket, GET);
  await asked.promise;
  const closed = server.shutdown();
  reply.resolve(new Response("last"));
  await closed; // the client has not closed its half
  const answer = await receive(socket);
  assertStringIncludes(answer, "Connection: close");
  assertStringIncludes(answer, "last");
});

Deno.test("shutdown() lets all pipelined requests have their replies", async () => {
  const urls: string[] = [];
  const open = Promise.withResolvers<void>();
  const { server, to } = await start(async ({ url }) => {
    urls.push(url);
    await open.promise;
    return new Response(url);
  });
  using socket = await Deno.connect(to);
  await send(socket, GET + GET);
  await until(() => urls.length === 2);
  const closed = server.shutdown();
  open.resolve();
  assertEquals((await receive(socket)).match(/HTTP\/1.1 200 /g)?.length, 2);
  await closed;
});

Deno.test("listen() says no length of a body that it does not send", async () => {
  const { server, to } = await start(({ method }) =>
    new Response(null, { status: method === "GET" ? 304 : 200 })
  );
  for (const method of ["GET", "HEAD"]) {
    const url = `http://${to.hostname}:${to.port}`;
    const { headers } = await fetch(url, { method });
    assertEquals(headers.get("content-length"), null, method);
  }
  await server.shutdown();
});

Deno.test("listen() leaves a star in a path alone", async () => {
  const { server, to } = await start(({ url }) => new Response(url));
  const url = `http://${to.hostname}:${to.port}/a*b`;
  assertEquals(await (await fetch(url)).text(), url);
  await server.shutdown();
});
