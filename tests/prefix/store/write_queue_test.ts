import { assertEquals } from "@std/assert";
import { WriteQueue } from "../../../lib/prefix/store/write_queue.ts";

/** A clock that a test advances, with its timers. */
function fakeClock() {
  let ms = 0;
  const timers = new Map<() => void, number>();
  return {
    now: () => ms,
    delay(after: number, { signal }: { signal?: AbortSignal } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      timers.set(resolve, ms + after);
      signal?.addEventListener("abort", () => {
        timers.delete(resolve);
        reject(signal.reason);
      });
      return promise;
    },
    /** Runs what is ready, advances the clock, and runs what is ready then. */
    async advance(by: number): Promise<void> {
      await settled();
      ms += by;
      for (const [ring, at] of timers) {
        if (at > ms) continue;
        timers.delete(ring);
        ring();
      }
      await settled();
    },
    get timers() {
      return timers.size;
    },
  };
}

/** Resolves after every promise that is ready, and what follows from it. */
async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** A queue of texts, their length being their size, with what became of them. */
function watched(write: (text: string) => Promise<void> | void = () => {}) {
  const written: string[] = [];
  const dropped: string[] = [];
  const clock = fakeClock();
  const queue = new WriteQueue<string>({
    write: async (text) => {
      await write(text);
      written.push(text);
    },
    sizeOf: (text) => text.length,
    capBytes: 6,
    onDrop: (text) => dropped.push(text),
    clock,
  });
  return { queue, written, dropped, clock };
}

Deno.test("WriteQueue writes in order, one at a time", async () => {
  let writing = 0;
  const { queue, written, clock } = watched(async () => {
    assertEquals(++writing, 1);
    await settled();
    writing--;
  });
  for (const text of ["a", "b", "c"]) queue.push(text);
  while (written.length < 3) await clock.advance(0);
  queue.push("d");
  await queue.idle();
  assertEquals(written, ["a", "b", "c", "d"]);
});

Deno.test("WriteQueue writes an item that comes as it has just finished", async () => {
  const { queue, written, clock } = watched();
  queue.push("a");
  while (written.length === 0) await Promise.resolve();
  for (const text of ["b", "c", "d"]) {
    queue.push(text);
    await Promise.resolve();
  }
  while (written.length < 4) await clock.advance(0);
  assertEquals(written, ["a", "b", "c", "d"]);
});

Deno.test("WriteQueue drops what does not fit", async () => {
  const { queue, written, dropped, clock } = watched();
  const release = queue.hold();
  for (const text of ["aaa", "bbb", "cc", "d"]) queue.push(text);
  release();
  while (written.length < 2) await clock.advance(0);
  assertEquals([written, dropped], [["aaa", "bbb"], ["cc", "d"]]);
});

Deno.test("WriteQueue writes as soon as the last hold is released", async () => {
  const { queue, written, clock } = watched();
  const [one, other] = [queue.hold(), queue.hold()];
  queue.push("a");
  one();
  one(); // a second call releases nothing
  await clock.advance(999);
  assertEquals(written, []);
  other();
  await queue.idle();
  assertEquals([written, clock.timers], [["a"], 0]);
});

Deno.test("WriteQueue writes one item a second while it is held", async () => {
  const { queue, written, clock } = watched();
  let release = queue.hold();
  for (const text of ["a", "b", "c"]) queue.push(text);
  const counts: number[] = [];
  for (let second = 0; second < 3; second++) {
    for (const by of [999, 1, 0]) {
      await clock.advance(by);
      counts.push(written.length);
      // Some prefill is always under way, though none for long.
      const next = queue.hold();
      release();
      release = next;
    }
  }
  assertEquals(counts, [0, 1, 1, 1, 2, 2, 2, 3, 3]);
  await queue.idle();
  release();
});

Deno.test("WriteQueue drops what is waiting and matches", async () => {
  const { queue, written, dropped, clock } = watched();
  const release = queue.hold();
  for (const text of ["aa", "b", "aa"]) queue.push(text);
  queue.drop((text) => text === "aa");
  queue.push("ccccc"); // there is room again
  release();
  while (written.length < 2) await clock.advance(0);
  queue.push("d");
  queue.drop();
  await queue.idle();
  assertEquals([written, dropped], [["b", "ccccc"], ["aa", "aa", "d"]]);
});

Deno.test("WriteQueue pauses three times as long as it writes", async () => {
  const { queue, written, clock } = watched(async () => {
    await clock.delay(10);
  });
  for (const text of ["a", "b"]) queue.push(text);
  await clock.advance(10);
  await clock.advance(29);
  await clock.advance(10);
  assertEquals(written, ["a"]);
  await clock.advance(1);
  await clock.advance(10);
  assertEquals(written, ["a", "b"]);
});

Deno.test("WriteQueue.idle() ends a pause and a hold", async () => {
  const { queue, written, clock } = watched();
  const release = queue.hold();
  for (const text of ["a", "b", "c"]) queue.push(text);
  await queue.idle();
  assertEquals([written, clock.timers], [["a", "b", "c"], 0]);
  queue.push("d");
  await settled();
  assertEquals(written.length, 3, "what comes later is held again");
  release();
});
