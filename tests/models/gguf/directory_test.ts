import { assertEquals } from "@std/assert";
import {
  assertRefused,
  concat,
  ggufFile,
  LINES,
  open,
  type Parts,
  u32,
  u32Value,
} from "./_file.ts";

Deno.test("locateTensors() refuses tensors at impossible places", async () => {
  const line = LINES[1];
  const data = new Uint8Array(128);
  const cases: [Partial<typeof line>, new () => Error, string][] = [
    [{ dims: [] }, RangeError, "1 to 4 dimensions"],
    [{ dims: [1, 1, 1, 1, 1] }, RangeError, "1 to 4 dimensions"],
    [{ dims: [0] }, RangeError, "must be positive"],
    [{ dims: [2 ** 33, 2 ** 33, 2 ** 33] }, RangeError, "must end within"],
    [{ dims: [33], type: 8 }, RangeError, "multiple of 32"],
    [{ type: 4 }, SyntaxError, "type 4"],
    [{ offset: 96 }, RangeError, "must end within"],
    [{ offset: 2 ** 52 }, RangeError, "must end within"],
    [{ offset: 65 }, RangeError, "begin at a multiple of 32"],
    [{ offset: 32 }, RangeError, 'begin after "first"'],
    [{ name: "first" }, SyntaxError, "names must be unique"],
  ];
  for (const [change, kind, reason] of cases) {
    const lines = [LINES[0], { ...line, ...change }];
    await assertRefused({ lines, data }, kind, reason);
  }
});

Deno.test("locateTensors() uses general.alignment", async () => {
  const lines = [{ name: "a", dims: [2], type: 0, offset: 8 }];
  const data = new Uint8Array(16);
  await assertRefused({ lines, data }, RangeError, "multiple of 32");
  const entries: Parts["entries"] = [["general.alignment", u32Value(8)]];
  const { tensors } = await open(ggufFile({ entries, lines, data }));
  assertEquals(tensors.get("a")!.offset % 8, 0);
});

Deno.test("locateTensors() refuses an alignment that is not a power of two", async () => {
  const floats = [1.5, 2.5, 4.2].map((alignment) =>
    concat(u32(6), new Uint8Array(Float32Array.of(alignment).buffer))
  );
  for (const value of [...[0, 3, 2 ** 31].map(u32Value), ...floats]) {
    await assertRefused(
      { entries: [["general.alignment", value]] },
      RangeError,
      "power of two",
    );
  }
});
