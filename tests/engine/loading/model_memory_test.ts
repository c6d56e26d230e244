import { assertEquals, assertRejects } from "@std/assert";
import {
  ModelMemory,
  type Place,
} from "../../../lib/engine/loading/model_memory.ts";

/** Opens toy models in a memory of 100 bytes. */
function world() {
  const memory = new ModelMemory(100);
  const open: string[] = [];
  const { signal } = new AbortController();

  /** A model that answers until `rest()`. */
  function model(name: string, bytes: number) {
    let place: Place | undefined;
    const it = {
      isIdle: false,
      async open(until = signal) {
        place = await memory.take(it, { bytes, signal: until });
        open.push(name);
      },
      rest() {
        it.isIdle = true;
        place?.rest();
      },
      async sleep() {
        await Promise.resolve(); // A worker takes a while to end.
        if (!it.isIdle) return;
        it.isIdle = false;
        open.splice(open.indexOf(name), 1);
        place?.[Symbol.dispose]();
      },
    };
    return it;
  }
  return { memory, open, model };
}

/** Waits until all that need not wait for anything has happened. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("ModelMemory puts the models to sleep that have been idle for the longest time", async () => {
  const { memory, open, model } = world();
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => model(name, 40));
  await a.open();
  await b.open();
  assertEquals([memory.hasRoom(20), memory.hasRoom(21)], [true, false]);
  b.rest();
  a.rest();
  await c.open();
  assertEquals(open, ["a", "c"]);
  a.rest(); // after another request
  c.rest();
  await d.open();
  assertEquals(open, ["c", "d"]);
});

Deno.test("ModelMemory opens a model alone that is larger than all memory", async () => {
  const { memory, open, model } = world();
  const [small, other, large] = [40, 40, 200].map((bytes, i) =>
    model(`${i}`, bytes)
  );
  assertEquals(memory.hasRoom(200), true);
  await small.open();
  await other.open();
  small.rest();
  const opening = large.open();
  await settled();
  assertEquals(open, ["1"]);
  other.rest();
  await opening;
  assertEquals(open, ["2"]);
});

Deno.test("ModelMemory has models wait, in order, for those that are answering", async () => {
  const { open, model } = world();
  const [a, large, small] = [80, 90, 20].map((bytes, i) =>
    model(`${i}`, bytes)
  );
  await a.open();
  const opening = [large.open(), small.open()];
  await settled();
  assertEquals(open, ["0"]); // though the small one would fit
  a.rest();
  await opening[0];
  await settled();
  assertEquals(open, ["1"]);
  large.rest();
  await opening[1];
  assertEquals(open, ["2"]);
});

Deno.test("ModelMemory lets the next one have what one no longer waits for", async () => {
  const { open, model } = world();
  const [a, large, small] = [80, 90, 20].map((bytes, i) =>
    model(`${i}`, bytes)
  );
  await a.open();
  const leaving = new AbortController();
  const left = large.open(leaving.signal);
  const opening = small.open();
  leaving.abort(new TypeError("gone"));
  await assertRejects(() => left, TypeError, "gone");
  await opening;
  assertEquals(open, ["0", "2"]);
});
