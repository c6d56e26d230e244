import { fuzzed } from "../../fuzz/_runs.ts";
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseSafetensors } from "../../../models/adapter/safetensors.ts";

/** Written by Python's `safetensors` from a half, a bfloat16 and a float tensor. */
const GOLDEN = Deno.readFileSync(
  new URL("../golden.safetensors", import.meta.url),
);

/** Returns a file with this header. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

Deno.test("parseSafetensors() reads a file from Python", () => {
  const { metadata, tensors } = parseSafetensors(GOLDEN);
  assertEquals(metadata, { base_sha256: "abc", note: "golden" });
  assertEquals(tensors.get("half")?.shape, [2, 2]);
  const tenth = 0.0999755859375; // the half nearest to 0.1
  assertEquals([...tensors.get("half")!.data], [1.5, -2.25, tenth, 65504]);
  assertEquals([...tensors.get("brain")!.data], [1.5, -3]);
  assertEquals(tensors.get("float")?.shape, [1, 2, 3]);
  assertEquals(
    tensors.get("float")!.data,
    Float32Array.from([0, 1, 2, 3, 4, 5], (n) => n / 7),
  );
});

Deno.test("parseSafetensors() refuses tensors outside the file", () => {
  const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  assertEquals(parseSafetensors(fileOf({ a: entry }, 8)).tensors.size, 1);
  const wrong = [
    { ...entry, data_offsets: [0, 12] },
    { ...entry, data_offsets: [-8, 0] },
    { ...entry, data_offsets: [8, 16] },
    { ...entry, shape: [1e9, 1e9] },
    { ...entry, shape: "2" },
    { ...entry, data_offsets: undefined },
  ];
  for (const a of wrong) {
    assertThrows(() => parseSafetensors(fileOf({ a }, 8)), SyntaxError);
  }
});

Deno.test("parseSafetensors() refuses a malformed header", () => {
  const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  const wrong = [
    null,
    [],
    { a: null },
    { a: { ...entry, shape: [-2], data_offsets: [8, 0] } },
    { a: { ...entry, shape: [-1, -2] } },
    { a: { ...entry, shape: [0.5, 4] } },
    { a: { ...entry, data_offsets: [0.5, 8.5] } },
    { a: entry, __metadata__: null },
    { a: entry, __metadata__: { base_sha256: 1 } },
  ];
  for (const header of wrong) {
    assertThrows(
      () => parseSafetensors(fileOf(header, 8)),
      SyntaxError,
      "Cannot read a safetensors file",
    );
  }
});

Deno.test("parseSafetensors() refuses tensors of integers", () => {
  const a = { dtype: "I64", shape: [1], data_offsets: [0, 8] };
  assertThrows(
    () => parseSafetensors(fileOf({ a }, 8)),
    TypeError,
    "Cannot read a: its type must be one of F32, F16, BF16: received I64",
  );
});

Deno.test("parseSafetensors() refuses a damaged file with an error of its own", () => {
  fc.assert(
    fc.property(
      fc.nat(GOLDEN.length - 1),
      fc.nat(255),
      fc.nat(GOLDEN.length),
      (at, value, length) => {
        const damaged = GOLDEN.slice(0, length);
        damaged[at] = value;
        try {
          parseSafetensors(damaged);
        } catch (error) {
          const kinds = [SyntaxError, TypeError];
          assertEquals(kinds.some((kind) => error instanceof kind), true);
          assertEquals(String(error).includes("Cannot read"), true, `${error}`);
        }
      },
    ),
    fuzzed(100),
  );
});
