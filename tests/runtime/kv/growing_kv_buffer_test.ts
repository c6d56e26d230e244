import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Tensor } from "onnxruntime-common";
import { growingKvBuffer } from "../../lib/runtime/growing_kv_buffer.ts";

const shape = { layers: 2, kvHeads: 3, headDim: 4, slots: 0 };
const NAMES = ["key.0", "key.1", "value.0", "value.1"];

/** Numbers for the first `slots` slots, all of them different. */
function numbers(slots: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: 4 * 3 * slots * 4 }, (_, i) => i + 1);
}

Deno.test("growingKvBuffer() names arrays with room for all slots", () => {
  const { past, present } = growingKvBuffer(shape, { inPlace: true }).bind(10);
  assertEquals(Object.keys(past), NAMES.map((name) => `past_${name}`));
  assertEquals(Object.keys(present), NAMES.map((name) => `present_${name}`));
  for (const { dims } of Object.values(past)) {
    const [batch, heads, slots, headDim] = dims;
    assertEquals([batch, heads, headDim], [1, 3, 4]);
    assert(slots >= 10);
  }
});

Deno.test("growingKvBuffer() reads back what was written, however it grew", async () => {
  const buffer = growingKvBuffer(shape, { inPlace: true });
  const data = numbers(5);
  buffer.write(5, data);
  assertEquals(await buffer.read(5), data);
  const { past } = buffer.bind(1000);
  assert(past["past_key.0"].dims[2] >= 1000);
  assertEquals(await buffer.read(5), data);
});

Deno.test("growingKvBuffer() writes and reads behind the first slots", async () => {
  const buffer = growingKvBuffer(shape, { inPlace: true });
  buffer.write(2, numbers(2), { from: 200 });
  assertEquals(await buffer.read(2, { from: 200 }), numbers(2));
  assertEquals(await buffer.read(1, { from: 199 }), numbers(1).fill(0));
});

Deno.test("growingKvBuffer() keeps its tensors while they are large enough", () => {
  const buffer = growingKvBuffer(shape, { inPlace: true });
  const first = buffer.bind(100).past["past_key.0"];
  assertStrictEquals(buffer.bind(101).past["past_key.0"], first);
});

Deno.test("growingKvBuffer() in place is past and present at once", async () => {
  const buffer = growingKvBuffer(shape, { inPlace: true });
  const { past, present } = buffer.bind(2);
  assertStrictEquals(past["past_value.1"], present["present_value.1"]);
  buffer.write(2, numbers(2));
  (past["past_key.0"].data as Float32Array)[0] = 99; // as a pass would
  buffer.keep({});
  assertEquals((await buffer.read(1))[0], 99);
});

Deno.test("growingKvBuffer() takes over what a pass put out", async () => {
  const buffer = growingKvBuffer(shape, { inPlace: false });
  buffer.write(1, numbers(1));
  const { past, present } = buffer.bind(2);
  assertEquals(Object.values(present), [null, null, null, null]);
  const outputs = Object.fromEntries(NAMES.map((name, i) => {
    const { dims, size } = past[`past_${name}`];
    const data = new Float32Array(size).fill(10 + i);
    return [`present_${name}`, new Tensor("float32", data, dims)];
  }));
  buffer.keep(outputs);
  const kept = await buffer.read(2);
  for (const [i, x] of kept.entries()) {
    assertEquals(x, 10 + Math.floor(i / (kept.length / 4)));
  }
  assertStrictEquals(
    buffer.bind(2).past["past_key.1"].data,
    outputs["present_key.1"].data,
  );
});
