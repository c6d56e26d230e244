import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Memory } from "../../lib/runtime/pass_states.ts";

Deno.test("Memory.take() returns an array that is large enough", () => {
  const memory = new Memory();
  for (const size of [1, 2, 3, 1000, 1024]) {
    assert(memory.take(size).length >= size);
  }
});

Deno.test("Memory.take() lends an array again once it is back", () => {
  const memory = new Memory();
  const first = memory.take(1000);
  const second = memory.take(1000);
  assert(first !== second);
  memory.giveBack(first);
  assertStrictEquals(memory.take(900), first);
});

Deno.test("Memory keeps only a few arrays of a size", () => {
  const memory = new Memory();
  const lent = Array.from({ length: 9 }, () => memory.take(64));
  for (const array of lent) memory.giveBack(array);
  const again = Array.from({ length: 9 }, () => memory.take(64));
  assertEquals(again.filter((array) => lent.includes(array)).length, 3);
});

Deno.test("Memory.clear() frees what is not lent", () => {
  const memory = new Memory();
  const [back, lent] = [memory.take(64), memory.take(64)];
  memory.giveBack(back);
  memory.clear();
  assertEquals([back.length, lent.length], [0, 64]);
  assertEquals(memory.take(64).length, 64);
});
