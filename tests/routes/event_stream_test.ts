import { assertEquals, assertRejects } from "@std/assert";
import type { StreamEvent } from "../../lib/wire/stream_event.ts";
import { eventStream } from "../../routes/event_stream.ts";

const options = {
  pingMs: 1000,
  comment: () => "ping",
  explain: (error: unknown) => `told: ${error}`,
  signal: new AbortController().signal,
  onCancel() {},
};

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function read(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream).text();
}

Deno.test("eventStream() frames each piece of data", async () => {
  async function* events() {
    yield "a";
    yield "b";
  }
  const stream = await eventStream(events(), options);
  assertEquals(await read(stream), "data: a\n\ndata: b\n\n");
});

Deno.test("eventStream() writes the names of events that have one", async () => {
  async function* events() {
    yield { name: "response.created", data: "{}" };
    yield "[DONE]";
  }
  const stream = await eventStream(events(), options);
  assertEquals(
    await read(stream),
    "event: response.created\ndata: {}\n\ndata: [DONE]\n\n",
  );
});

Deno.test("eventStream() throws what is thrown before the first event", async () => {
  // deno-lint-ignore require-yield
  async function* events(): AsyncGenerator<string> {
    throw new RangeError("early");
  }
  await assertRejects(
    () => eventStream(events(), options),
    RangeError,
    "early",
  );
});

Deno.test("eventStream() tells a later failure in an event, and ends", async () => {
  async function* events() {
    yield "a";
    throw new RangeError("late");
  }
  const text = await read(await eventStream(events(), options));
  assertEquals(text, "data: a\n\ndata: told: RangeError: late\n\n");
});

Deno.test("eventStream() opens and pings while the first event is late", async () => {
  const gate = Promise.withResolvers<void>();
  async function* events() {
    await gate.promise;
    yield "a";
  }
  const stream = await eventStream(events(), { ...options, pingMs: 5 });
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, ": ping\n\n");
  gate.resolve();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  assertEquals(text.replaceAll(": ping\n\n", ""), "data: a\n\n");
});

Deno.test("eventStream() takes all events even if nobody reads", async () => {
  let last = 0;
  async function* events() {
    while (last < 1000) yield String(last++);
  }
  const stream = await eventStream(events(), options);
  await sleep(20);
  assertEquals(last, 1000);
  await stream.cancel();
});

Deno.test("eventStream() says when it is cancelled, and calls no failure", async () => {
  const leaving = new AbortController();
  const told: unknown[] = [];
  async function* events() {
    yield "a";
    await new Promise((_, reject) => {
      leaving.signal.onabort = () => reject(leaving.signal.reason);
    });
  }
  const stream = await eventStream(events(), {
    ...options,
    explain: (error) => {
      told.push(error);
      return options.explain(error);
    },
    signal: leaving.signal,
    onCancel: () => leaving.abort(),
  });
  await stream.cancel();
  await sleep(0);
  assertEquals(leaving.signal.aborted, true);
  assertEquals(told, []);
});

Deno.test("eventStream() writes in the format that it is given", async () => {
  async function* events() {
    yield "a";
    throw new RangeError("late");
  }
  const format = {
    contentType: "application/x-lines",
    event: (event: StreamEvent) => `${event}\n`,
    ping: () => "",
  };
  const explain = () => "told";
  const stream = await eventStream(events(), { ...options, explain, format });
  assertEquals(await read(stream), "a\ntold\n");
});
