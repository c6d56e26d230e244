import { fuzzed } from "../../fuzz/_runs.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import fc from "fast-check";
import { gguf } from "@huggingface/gguf";
import { openGguf } from "../../../models/gguf/reader.ts";
import {
  assertRefused,
  concat,
  ggufFile,
  LINES,
  open,
  type Parts,
  text,
  textsValue,
  textValue,
  u32,
  u32Value,
  u64,
} from "./_file.ts";

const VALID: Parts = {
  entries: [
    ["general.architecture", textValue("llama")],
    ["llama.block_count", u32Value(30)],
    ["big", concat(u32(10), u64(2 ** 40))],
    ["float", concat(u32(6), new Uint8Array(Float32Array.of(0.5).buffer))],
    ["flag", u32(7), Uint8Array.of(1)],
    ["tokens", textsValue(["a", "ä", "\ufeffword", ""])],
    ["types", concat(u32(9), u32(5), u64(2), u32(1), u32(-1 >>> 0))],
  ],
  lines: LINES,
  data: Uint8Array.from({ length: 128 }, (_, i) => i),
};

Deno.test("openGguf() reads metadata of every type", async () => {
  const { metadata } = await open(ggufFile(VALID));
  assertEquals(metadata, {
    "general.architecture": "llama",
    "llama.block_count": 30,
    big: 2 ** 40,
    float: 0.5,
    flag: true,
    tokens: ["a", "ä", "\ufeffword", ""],
    types: [1, -1],
  });
});

Deno.test("openGguf() returns shapes outermost first and offsets in the file", async () => {
  const bytes = ggufFile(VALID);
  const { path, tensors } = await open(bytes);
  const dataStart = bytes.length - 128;
  assertEquals([...tensors.values()], [
    {
      name: "first",
      type: "F32",
      shape: [2, 8],
      offset: dataStart,
      byteLength: 64,
      path,
    },
    {
      name: "second",
      type: "F16",
      shape: [32],
      offset: dataStart + 64,
      byteLength: 64,
      path,
    },
  ]);
});

Deno.test("openGguf() agrees with Hugging Face's parser", async () => {
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  try {
    await Deno.writeFile(path, ggufFile(VALID));
    const theirs = await gguf(path, { allowLocalFile: true });
    const ours = await openGguf(path);
    for (const [key, value] of Object.entries(ours.metadata)) {
      const other = (theirs.metadata as Record<string, unknown>)[key];
      const plain = typeof other === "bigint" ? Number(other) : other;
      // Their decoder drops a byte order mark, which is part of a token.
      if (key !== "tokens") assertEquals(value, plain);
    }
    assertEquals(
      [...ours.tensors.values()].map(({ name, shape, offset }) => ({
        name,
        shape,
        offset,
      })),
      theirs.tensorInfos.map(({ name, shape, offset }) => ({
        name,
        shape: shape.map(Number).toReversed(),
        offset: Number(theirs.tensorDataOffset + offset),
      })),
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("openGguf() reads strings across the ends of windows", async () => {
  const words = Array.from({ length: 3000 }, (_, i) => `${i} `.repeat(i));
  const { metadata } = await open(
    ggufFile({ entries: [["tokens", textsValue(words)]] }),
  );
  assertEquals(metadata.tokens, words);
});

Deno.test("Gguf.read() returns a tensor's bytes", async () => {
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  try {
    await Deno.writeFile(path, ggufFile(VALID));
    const file = await openGguf(path);
    assertEquals(await file.read("second"), VALID.data!.slice(64));
    await assertRejects(() => file.read("third"), RangeError, '"third"');
    await Deno.truncate(path, ggufFile(VALID).length - 1);
    await assertRejects(
      () => file.read("second"),
      SyntaxError,
      "keep its size",
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("openGguf() refuses other formats and versions", async () => {
  await assertRefused({ magic: "GGML" }, SyntaxError, "begin with");
  await assertRefused({ version: 1 }, SyntaxError, "version must be 2 or 3");
  await assertRefused({ version: 4 }, SyntaxError, "version must be 2 or 3");
  await assertRejects(
    () => open(new Uint8Array()),
    SyntaxError,
    "must have 4 more",
  );
  const big = ggufFile({}).slice();
  big.set([0, 0, 0, 3], 4);
  await assertRejects(() => open(big), SyntaxError, "version");
});

Deno.test("openGguf() refuses a file that ends within its header", async () => {
  const bytes = ggufFile(VALID);
  for (let end = 0; end < bytes.length - 1; end++) {
    const error = await assertRejects(() => open(bytes.slice(0, end)), Error);
    assertMatch(error.message, /^Cannot read a GGUF (file|header): /);
  }
});

Deno.test("openGguf() refuses counts that exceed the file", async () => {
  const most = 2n ** 64n - 1n;
  await assertRefused({ lineCount: 1000 }, RangeError, "room for all tensors");
  await assertRefused(
    { entryCount: 2 ** 40 },
    RangeError,
    "room for all metadata",
  );
  await assertRefused({ entryCount: most }, RangeError, "between -2^53 and");
  const array = concat(u32(9), u32(0), u64(2 ** 50));
  await assertRefused(
    { entries: [["a", array]] },
    RangeError,
    "room for all array elements",
  );
  const data = new Uint8Array(4_000_001);
  const bytes = concat(u32(9), u32(0), u64(data.length), data);
  await assertRefused({ entries: [["a", bytes]] }, RangeError, "4000000");
});

Deno.test("openGguf() refuses strings that are too long", async () => {
  const longer = concat(u32(8), u64(500), new Uint8Array(20));
  await assertRefused(
    { entries: [["a", longer]] },
    SyntaxError,
    "must have 500 more",
  );
  const huge = concat(u32(8), u64(2 ** 40));
  await assertRefused({ entries: [["a", huge]] }, SyntaxError, "1099511627776");
  const long = new Uint8Array(2 ** 20 + 1);
  const inList = concat(u32(9), u32(8), u64(1), u64(long.length), long);
  await assertRefused(
    { entries: [["a", inList]] },
    RangeError,
    "1048576 bytes",
  );
});

Deno.test("openGguf() skips a long string, such as a whole tokenizer.json", async () => {
  const long = new Uint8Array(2 ** 21 + 5);
  const value = concat(u32(8), u64(long.length), long);
  const { metadata } = await open(
    ggufFile({ entries: [["long", value], ["b", textValue("short")]] }),
  );
  assertEquals(metadata, { b: "short" });
});

Deno.test("openGguf() refuses unknown types and repeated keys", async () => {
  const nested = concat(u32(9), u32(9), u64(0));
  await assertRefused({ entries: [["a", nested]] }, SyntaxError, "type 9");
  await assertRefused({ entries: [["a", u32(13)]] }, SyntaxError, "type 13");
  const twice: Parts["entries"] = [["a", u32Value(1)], ["a", u32Value(2)]];
  await assertRefused({ entries: twice }, SyntaxError, "keys must be unique");
});

Deno.test("openGguf() reads the key __proto__ like any other", async () => {
  const { metadata } = await open(
    ggufFile({ entries: [["__proto__", textValue("x")]] }),
  );
  assertEquals(Object.entries(metadata), [["__proto__", "x"]]);
});

Deno.test("openGguf() refuses a damaged file with an error of its own", async () => {
  const bytes = ggufFile(VALID);
  const at = fc.nat(bytes.length - 1);
  const values = fc.oneof(
    fc.nat(255).map((byte) => Uint8Array.of(byte)),
    fc.bigInt(0n, 2n ** 64n - 1n).map(u64),
    fc.string().map(text),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(at, values), { maxLength: 4 }),
      fc.option(at),
      async (patches, end) => {
        const damaged = bytes.slice(0, end ?? bytes.length);
        for (const [offset, patch] of patches) {
          const room = Math.max(0, damaged.length - offset);
          if (room > 0) damaged.set(patch.subarray(0, room), offset);
        }
        try {
          const { tensors } = await open(damaged);
          for (const { offset, byteLength } of tensors.values()) {
            assert(offset + byteLength <= damaged.length);
          }
        } catch (error) {
          assertMatch(
            (error as Error).message,
            /^Cannot read a GGUF (file|header): /,
          );
        }
      },
    ),
    fuzzed(500),
  );
});
