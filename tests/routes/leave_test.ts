import { assertEquals, assertRejects } from "@std/assert";
import { Queue } from "../../lib/engine/admission/queue.ts";
import { type ToyEngine, toyEngine } from "../toy/engine.ts";
import { chat, serve, until } from "./_serve.ts";

/** Never comes. */
const never = new Promise<void>(() => {});

Deno.test("leaving a stream half-way stops the engine and is no failure", async () => {
  const toy = toyEngine({ pace: (word) => word === 2 ? never : undefined });
  await using server = await serve({ engines: [toy] });
  const leaving = new AbortController();
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    ...chat({ stream: true }),
    signal: leaving.signal,
  });
  const reader = response.body!.getReader();
  await reader.read();
  assertEquals(toy.runs, ["running"]);
  leaving.abort();
  await assertRejects(() => reader.read());
  await until(() => toy.runs[0] === "left");
  assertEquals(server.failures, []);
});

Deno.test("leaving before the first event stops the engine", async () => {
  for (const stream of [false, true]) {
    const toy = toyEngine({ pace: () => never });
    await using server = await serve({ engines: [toy] });
    const leaving = new AbortController();
    const answer = fetch(`${server.url}/v1/chat/completions`, {
      ...chat({ stream }),
      signal: leaving.signal,
    });
    await until(() => toy.runs[0] === "running");
    leaving.abort();
    await assertRejects(() => answer);
    await until(() => toy.runs[0] === "left");
    assertEquals(server.failures, []);
  }
});

Deno.test("leaving stops the engine after a body of unknown length, too", async () => {
  const toy = toyEngine({ pace: () => never });
  await using server = await serve({ engines: [toy] });
  const leaving = new AbortController();
  const { body, ...init } = chat();
  const answer = fetch(`${server.url}/v1/chat/completions`, {
    ...init,
    body: ReadableStream.from([new TextEncoder().encode(body as string)]),
    signal: leaving.signal,
  });
  await until(() => toy.runs[0] === "running");
  leaving.abort();
  await assertRejects(() => answer);
  await until(() => toy.runs[0] === "left");
});

Deno.test("leaving half-way through the upload is no failure", async (t) => {
  const uploads = [
    ["Content-Length: 500", '{"mod'],
    ["Transfer-Encoding: chunked", '5\r\n{"mod\r\n'],
  ];
  for (const [header, part] of uploads) {
    await t.step(header, async () => {
      const toy = toyEngine();
      await using server = await serve({ engines: [toy] });
      const { port } = server;
      using socket = await Deno.connect({ hostname: "127.0.0.1", port });
      const head = [
        "POST /v1/completions HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        header,
      ];
      const text = [...head, "", part].join("\r\n");
      await socket.write(new TextEncoder().encode(text));
      await socket.closeWrite();
      await socket.readable.cancel();
      await (await fetch(`${server.url}/health`)).body?.cancel();
      assertEquals([toy.asked, server.failures], [[], []]);
    });
  }
});

Deno.test("leaving the line never starts the engine, and the next moves up", async () => {
  const gate = Promise.withResolvers<void>();
  const queue = new Queue({ maxRunning: 1, maxWaiting: 1 });
  const toy = toyEngine({ pace: () => gate.promise, queue });
  const { came, left, engine } = watched(toy);
  await using server = await serve({ engines: [engine] });
  const post = (fields: object, init: RequestInit = {}) =>
    fetch(`${server.url}/v1/chat/completions`, { ...chat(fields), ...init });

  const first = post({ seed: 1 });
  await until(() => came.length === 1);
  const leaving = new AbortController();
  const second = post({ seed: 2, stream: true }, { signal: leaving.signal });
  await until(() => came.length === 2);
  const third = await post({ seed: 3 });
  assertEquals(third.status, 429);
  assertEquals(third.headers.get("Retry-After"), "1");
  assertEquals(third.headers.get("retry-after-ms"), "1000");
  assertEquals((await third.json()).error.code, "rate_limit_exceeded");

  leaving.abort();
  await assertRejects(() => second);
  await until(() => left.includes(2));
  const fourth = post({ seed: 4 });
  await until(() => came.length === 4);
  gate.resolve();
  await (await first).body?.cancel();
  assertEquals((await fourth).status, 200);
  await (await fourth).body?.cancel();
  assertEquals(toy.asked.map(({ sampling }) => sampling.seed), [1, 4]);
});

Deno.test("a reply that was read to its end was not left", async () => {
  for (const stream of [false, true]) {
    const toy = toyEngine();
    await using server = await serve({ engines: [toy] });
    const url = `${server.url}/v1/chat/completions`;
    await (await fetch(url, chat({ stream }))).text();
    await until(() => toy.runs[0] === "ended");
    assertEquals(server.failures, []);
  }
});

/** Notes who comes to an engine and who leaves it, by their seeds. */
function watched(inner: ToyEngine) {
  const came: number[] = [];
  const left: number[] = [];
  const engine: ToyEngine = {
    ...inner,
    open: () => Promise.resolve(engine),
    generate(request, options) {
      const { seed } = request.sampling;
      came.push(seed);
      options.signal.addEventListener("abort", () => left.push(seed));
      return inner.generate(request, options);
    },
  };
  return { came, left, engine };
}
