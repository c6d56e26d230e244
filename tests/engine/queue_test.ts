import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import { Queue } from "../../lib/engine/admission/queue.ts";
import { watchedSignal } from "../_signal.ts";

const NEVER = new AbortController().signal;

/** Resolves after all that waits for nothing but a promise. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Enters requests by name, and notes in which order they start. */
function entrance(queue: Queue) {
  const started: string[] = [];
  const places = new Map<string, Disposable>();
  async function enter(name: string, slots = 1, signal = NEVER) {
    const place = await queue.enter(slots, signal);
    started.push(name);
    places.set(name, place);
  }
  async function leave(name: string) {
    places.get(name)![Symbol.dispose]();
    await settle();
  }
  return { started, enter, leave };
}

Deno.test("Queue runs so many requests at once, the others in order", async () => {
  const queue = new Queue({ maxRunning: 2 });
  const { started, enter, leave } = entrance(queue);
  for (const name of "abcd") enter(name);
  await settle();
  assertEquals([queue.running, queue.waiting], [2, 2]);
  for (
    const [name, order] of [["b", "abc"], ["a", "abcd"], ["d", "abcd"]]
  ) {
    await leave(name);
    assertEquals(started.join(""), order);
  }
  await leave("c");
  assertEquals([queue.running, queue.waiting], [0, 0]);
});

Deno.test("Queue runs no more than there is memory for", async () => {
  const queue = new Queue({ maxRunning: 9, slots: 100 });
  const { started, enter, leave } = entrance(queue);
  enter("a", 60);
  enter("b", 40);
  enter("c", 70);
  enter("d", 10);
  await settle();
  assertEquals(started.join(""), "ab");
  // d would fit, but c came before it.
  await leave("b");
  assertEquals(started.join(""), "ab");
  await leave("a");
  assertEquals(started.join(""), "abcd");
});

Deno.test("Queue lets the next request in when a larger one leaves the line", async () => {
  const queue = new Queue({ maxRunning: 9, slots: 100 });
  const { started, enter } = entrance(queue);
  const leaving = new AbortController();
  enter("a", 60);
  const large = enter("b", 50, leaving.signal);
  enter("c", 40);
  await settle();
  assertEquals(started.join(""), "a");
  leaving.abort(new Error("gone"));
  await assertRejects(() => large, Error, "gone");
  await settle();
  assertEquals(started.join(""), "ac");
});

Deno.test("Queue refuses the surplus, which may come back when half the line has gone", async () => {
  let now = 0;
  const queue = new Queue({ maxRunning: 1, maxWaiting: 4, now: () => now });
  const { enter, leave } = entrance(queue);
  const refusal = async () => {
    const error = await assertRejects(() => enter("x"), ApiError);
    assertEquals(error.status, 429);
    assertEquals(error.code, "rate_limit_exceeded");
    return error.headers;
  };
  for (const name of "abcde") enter(name);
  await settle();
  assertEquals(await refusal(), {
    "Retry-After": "1",
    "retry-after-ms": "1000",
  });

  // Two ends, 3 seconds apart.
  await leave("a");
  now += 3000;
  await leave("b");
  for (const name of "fg") enter(name);
  await settle();
  assertEquals(await refusal(), {
    "Retry-After": "6",
    "retry-after-ms": "6000",
  });

  // An hour without an end counts, but clients are not sent away that long.
  now += 3_600_000;
  await leave("c");
  enter("h");
  await settle();
  assertEquals((await refusal())["retry-after-ms"], "30000");
});

Deno.test("Queue does not take idle time for slowness", async () => {
  let now = 0;
  const queue = new Queue({ maxRunning: 1, maxWaiting: 1, now: () => now });
  const { enter, leave } = entrance(queue);
  const run = async (ms: number, ...names: string[]) => {
    for (const name of names) enter(name);
    for (const name of names) {
      await settle();
      now += ms;
      await leave(name);
    }
  };
  await run(400, "a", "b");
  now += 3_600_000;
  await run(400, "c", "d");
  for (const name of "ef") enter(name);
  const { headers } = await assertRejects(() => enter("x"), ApiError);
  assertEquals(headers["retry-after-ms"], "400");
});

Deno.test("Queue frees the place of a waiting client that leaves", async () => {
  const queue = new Queue({ maxRunning: 1, maxWaiting: 1 });
  const { started, enter, leave } = entrance(queue);
  const leaving = new AbortController();
  enter("a");
  const second = enter("b", 1, leaving.signal);
  leaving.abort(new Error("gone"));
  await assertRejects(() => second, Error, "gone");
  enter("c");
  await settle();
  await leave("a");
  assertEquals(started.join(""), "ac");
});

Deno.test("Queue lets go of a signal", async () => {
  const queue = new Queue({ maxRunning: 1 });
  const { enter, leave } = entrance(queue);
  const { signal, listeners } = watchedSignal();
  enter("a");
  enter("b", 1, signal);
  await settle();
  assertEquals(listeners(), 1);
  await leave("a");
  assertEquals(listeners(), 0);
});

Deno.test("Queue keeps no place for a client that has left already", async () => {
  const queue = new Queue({ maxRunning: 1 });
  await assertRejects(() => queue.enter(1, AbortSignal.abort()));
  assertEquals([queue.running, queue.waiting], [0, 0]);
});
