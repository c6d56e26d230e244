import { assertEquals } from "@std/assert";
import {
  kvBytes,
  kvDims,
  kvNames,
  readSlots,
  writeSlots,
} from "../../../lib/runtime/kv/kv_layout.ts";

/** One layer, two heads, three slots, two numbers a slot. */
const shape = { layers: 1, kvHeads: 2, headDim: 2 };

/** Head, slot and index as digits, so that each number says where it lies. */
const keys = Float32Array.of(
  ...[100, 101, 110, 111, 120, 121],
  ...[200, 201, 210, 211, 220, 221],
);
const values = keys.map((x) => -x);

Deno.test("kvNames() lists all keys before all values", () => {
  assertEquals(kvNames(2), [
    { past: "past_key.0", present: "present_key.0" },
    { past: "past_key.1", present: "present_key.1" },
    { past: "past_value.0", present: "present_value.0" },
    { past: "past_value.1", present: "present_value.1" },
  ]);
});

Deno.test("kvBytes() counts keys and values of all layers in 32 bits", () => {
  const shape = { layers: 30, kvHeads: 3, headDim: 64 };
  assertEquals(kvBytes(shape, 1), 46_080);
  assertEquals(kvBytes(shape, 1000), 46_080_000);
});

Deno.test("kvDims() is a batch of one, heads, slots, numbers", () => {
  assertEquals(kvDims(shape, 3), [1, 2, 3, 2]);
});

Deno.test("readSlots() gathers the first slots of every head", () => {
  assertEquals([
    ...readSlots({ ...shape, arrays: [keys, values] }, { count: 2 }),
  ], [
    ...[100, 101, 110, 111],
    ...[200, 201, 210, 211],
    ...[-100, -101, -110, -111],
    ...[-200, -201, -210, -211],
  ]);
});

Deno.test("readSlots() begins where it is told", () => {
  const range = { from: 2, count: 1 };
  assertEquals(
    [...readSlots({ ...shape, arrays: [keys, values] }, range)],
    [120, 121, 220, 221, -120, -121, -220, -221],
  );
});

Deno.test("readSlots() returns nothing for no slots", () => {
  assertEquals(
    readSlots({ ...shape, arrays: [keys, values] }, { count: 0 }).length,
    0,
  );
});

Deno.test("writeSlots() puts slots where they were, and leaves the rest", () => {
  const data = readSlots({ ...shape, arrays: [keys, values] }, { count: 2 });
  const arrays = [new Float32Array(16), new Float32Array(16).fill(7)];
  writeSlots({ ...shape, arrays }, { count: 2, data });
  assertEquals([...arrays[0]], [
    ...[100, 101, 110, 111, 0, 0, 0, 0],
    ...[200, 201, 210, 211, 0, 0, 0, 0],
  ]);
  assertEquals([...arrays[1]], [
    ...[-100, -101, -110, -111, 7, 7, 7, 7],
    ...[-200, -201, -210, -211, 7, 7, 7, 7],
  ]);
});

Deno.test("writeSlots() begins where it is told", () => {
  const array = new Float32Array(12);
  const data = Float32Array.of(1, 2, 3, 4);
  writeSlots({ ...shape, arrays: [array] }, { from: 1, count: 1, data });
  assertEquals([...array], [0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0]);
});
