import { assertEquals } from "@std/assert";
import {
  assertRefused,
  ggufFile,
  LINES,
  open,
  type Parts,
  u32Value,
} from "./_file.ts";

Deno.test("locateTensors() refuses tensors that can't lie where they say", async () => {
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
    [{ name: "first" }, SyntaxError, "occur once"],
  ];
  for (const [change, kind, reason] of cases) {
    const lines = [LINES[0], { ...line, ...change }];
    await assertRefused({ lines, data }, kind, reason);
  }
});

Deno.test("locateTensors() obeys general.alignment and refuses a wrong one", async () => {
  for (const alignment of [0, 3, 2 ** 31]) {
    await assertRefused(
      { entries: [["general.alignment", u32Value(alignment)]] },
      RangeError,
      "power of two",
    );
  }
  const lines = [{ name: "a", dims: [2], type: 0, offset: 8 }];
  const data = new Uint8Array(16);
  await assertRefused({ lines, data }, RangeError, "multiple of 32");
  const entries: Parts["entries"] = [["general.alignment", u32Value(8)]];
  const { tensors } = await open(ggufFile({ entries, lines, data }));
  assertEquals(tensors.get("a")!.offset % 8, 0);
});
