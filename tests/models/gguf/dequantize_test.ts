import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { dequantize } from "../../../models/gguf/dequantize.ts";
import {
  TENSOR_TYPES,
  type TensorTypeName,
} from "../../../models/gguf/tensor_types.ts";

interface Golden {
  type: TensorTypeName;
  /** Base64 of the packed bytes. */
  packed: string;
  /** Base64 of the float32 values. */
  floats: string;
}

const GOLDEN: Golden[] = (await Deno.readTextFile(
  new URL("../golden_dequantize.jsonl", import.meta.url),
)).trim().split("\n").map((line) => JSON.parse(line));

/** Returns the bits of floats, which differ for -0 and 0. */
function bits(floats: Float32Array): Uint32Array {
  return new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
}

Deno.test("dequantize() has a golden value for every type", () => {
  assertEquals(
    GOLDEN.map(({ type }) => type).toSorted(),
    Object.keys(TENSOR_TYPES).toSorted() as TensorTypeName[],
  );
});

for (const { type, packed, floats } of GOLDEN) {
  Deno.test(`dequantize() unpacks ${type} bit for bit`, () => {
    const expected = Uint8Array.fromBase64(floats);
    assertEquals(
      bits(dequantize(type, Uint8Array.fromBase64(packed))),
      new Uint32Array(expected.buffer),
    );
  });
}

Deno.test("dequantize() reads and writes views of larger buffers", () => {
  for (const { type, packed } of GOLDEN) {
    const bytes = Uint8Array.fromBase64(packed);
    const expected = dequantize(type, bytes);
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    const out = new Float32Array(expected.length + 1).subarray(1);
    assertStrictEquals(dequantize(type, shifted, out), out);
    assertEquals(bits(out), bits(expected));
  }
});

Deno.test("dequantize() refuses an incomplete block", () => {
  assertThrows(
    () => dequantize("Q4_1", new Uint8Array(30)),
    RangeError,
    "multiple of 20: received 30",
  );
});

Deno.test("dequantize() refuses an output of another length", () => {
  assertThrows(
    () => dequantize("Q4_1", new Uint8Array(40), new Float32Array(32)),
    RangeError,
    "must have 64 values: received 32",
  );
});
