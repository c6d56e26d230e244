import { assert, assertEquals } from "@std/assert";
import { WriteQueue } from "../../../lib/prefix/store/write_queue.ts";

/** A queue of texts, their length being their size; remembers what became of them. */
function watched(write: (text: string) => Promise<void> | void = () => {}) {
  const written: string[] = [];
  const dropped: string[] = [];
  const queue = new WriteQueue<string>({
    write: async (text) => {
      await write(text);
      written.push(text);
    },
    sizeOf: (text) => text.length,
    capBytes: 6,
    onDrop: (text) => dropped.push(text),
    now: () => 0,
  });
  return { queue, written, dropped };
}

Deno.test("WriteQueue writes in order, one at a time", async () => {
  let writing = 0;
  const { queue, written } = watched(async () => {
    assertEquals(++writing, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    writing--;
  });
  for (const text of ["a", "b", "c"]) queue.push(text);
  await queue.idle();
  queue.push("d");
  await queue.idle();
  assertEquals(written, ["a", "b", "c", "d"]);
});

Deno.test("WriteQueue writes what comes just as it has finished", async () => {
  const { queue, written } = watched();
  queue.push("a");
  while (written.length === 0) await Promise.resolve();
  for (const text of ["b", "c", "d"]) {
    queue.push(text);
    await Promise.resolve();
  }
  await queue.idle();
  assertEquals(written, ["a", "b", "c", "d"]);
});

Deno.test("WriteQueue drops what comes when too much waits", async () => {
  const { queue, written, dropped } = watched();
  const release = queue.hold();
  for (const text of ["aaa", "bbb", "cc", "d"]) queue.push(text);
  release();
  await queue.idle();
  assertEquals([written, dropped], [["aaa", "bbb"], ["cc", "d"]]);
});

Deno.test("WriteQueue writes nothing while anybody holds it", async () => {
  const { queue, written } = watched();
  const [one, other] = [queue.hold(), queue.hold()];
  queue.push("a");
  one();
  one(); // a second time counts for nothing
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(written, []);
  other();
  await queue.idle();
  assertEquals(written, ["a"]);
});

Deno.test("WriteQueue.clear() drops what waits", async () => {
  const { queue, written, dropped } = watched();
  const release = queue.hold();
  queue.push("a");
  queue.clear();
  release();
  await queue.idle();
  assertEquals([written, dropped], [[], ["a"]]);
});

Deno.test("WriteQueue pauses three times as long as it writes", async () => {
  const clock = { ms: 0 };
  const starts: number[] = [];
  const queue = new WriteQueue<string>({
    write: () => {
      starts.push(performance.now());
      clock.ms += 10;
      return Promise.resolve();
    },
    sizeOf: () => 1,
    capBytes: 9,
    onDrop() {},
    now: () => clock.ms,
  });
  for (const text of ["a", "b"]) queue.push(text);
  await queue.idle();
  assert(starts[1] - starts[0] > 28);
});
