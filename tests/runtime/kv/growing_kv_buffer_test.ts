import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Tensor } from "onnxruntime-common";
import { growingKvBuffer } from "../../../lib/runtime/kv/growing_kv_buffer.ts";

const shape = { layers: 2, kvHeads: 3, headDim: 4 };
const ARRAYS = 4;

/** Makes a buffer with room for 8 slots that may have 1,000. */
function buffer({ inPlace = true } = {}) {
  return growingKvBuffer(shape, { slots: 8, most: 1000, inPlace });
}

/** Numbers for the first `slots` slots, all of them different. */
function numbers(slots: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: ARRAYS * 3 * slots * 4 }, (_, i) => i + 1);
}

function slotsOf({ tensors }: ReturnType<typeof buffer>): number[] {
  return tensors.map(({ dims }) => dims[2]);
}

Deno.test("growingKvBuffer() has a tensor for the keys and the values of each layer", () => {
  const { tensors } = buffer();
  assertEquals(tensors.map(({ dims }) => dims), Array(4).fill([1, 3, 8, 4]));
});

Deno.test("growingKvBuffer() grows by half, or as far as it must, or up to its most", () => {
  const grown = buffer();
  for (const [slots, room] of [[8, 8], [9, 12], [13, 18], [700, 700]]) {
    grown.reserve(slots);
    assertEquals(slotsOf(grown), Array(ARRAYS).fill(room));
  }
  grown.reserve(701);
  assertEquals(slotsOf(grown), Array(ARRAYS).fill(1000));
});

Deno.test("growingKvBuffer() keeps its slots however it grows", async () => {
  const grown = buffer();
  grown.write(5, numbers(5));
  assertEquals(await grown.read(5), numbers(5));
  for (const slots of [9, 13, 500]) {
    grown.reserve(slots);
    assertEquals(await grown.read(5), numbers(5));
  }
});

Deno.test("growingKvBuffer() frees what it has grown out of", () => {
  const grown = buffer();
  const arrays = grown.tensors.map(({ data }) => data as Float32Array);
  grown.reserve(9);
  assertEquals(arrays.map(({ length }) => length), [0, 0, 0, 0]);
});

Deno.test("growingKvBuffer() writes and reads after the first slots", async () => {
  const grown = buffer();
  grown.write(2, numbers(2), { from: 200 });
  assertEquals(await grown.read(2, { from: 200 }), numbers(2));
  assertEquals(await grown.read(1, { from: 199 }), numbers(1).fill(0));
});

Deno.test("growingKvBuffer() keeps its tensors while they are large enough", () => {
  const kept = buffer();
  const { tensors } = kept;
  kept.reserve(8);
  assertStrictEquals(kept.tensors, tensors);
  kept.reserve(9);
  assert(kept.tensors !== tensors);
});

Deno.test("growingKvBuffer() takes over what a pass wrote elsewhere", async () => {
  assertEquals(buffer().keep, undefined);
  const copied = buffer({ inPlace: false });
  const outputs = copied.tensors.map(({ dims, size }, i) =>
    new Tensor("float32", new Float32Array(size).fill(10 + i), dims)
  );
  copied.keep!(outputs);
  assertStrictEquals(copied.tensors, outputs);
  const kept = await copied.read(2);
  for (const [i, x] of kept.entries()) {
    assertEquals(x, 10 + Math.floor(i / (kept.length / ARRAYS)));
  }
});

Deno.test("growingKvBuffer() frees all memory when it closes", () => {
  const closed = buffer();
  const arrays = closed.tensors.map(({ data }) => data as Float32Array);
  closed.close();
  assertEquals(arrays.map(({ length }) => length), [0, 0, 0, 0]);
});
