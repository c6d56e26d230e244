import { assertEquals, assertRejects } from "@std/assert";
import { openGguf } from "../../../models/gguf/reader.ts";
import { type Entry, ggufFile, type Line, u32Value } from "./_file.ts";

/** Returns the path of a part in a folder. */
const partPath = (folder: string, part: number) =>
  `${folder}/tiny-0000${part}-of-00002.gguf`;

/** Writes two parts with a tensor of 32 bytes each, and runs `use` in their folder. */
async function withParts(
  use: (folder: string) => Promise<void>,
  { second = 1, name = "second" } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const write = async (part: number, no: number, name: string) => {
    const entries: Entry[] = [
      ["split.no", u32Value(no)],
      ["split.count", u32Value(2)],
    ];
    const lines: Line[] = [{ name, dims: [8], type: 0, offset: 0 }];
    const data = new Uint8Array(32).fill(part);
    const file = ggufFile({ entries, lines, data });
    await Deno.writeFile(partPath(folder, part), file);
  };
  try {
    await write(1, 0, "first");
    await write(2, second, name);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openGguf() opens all parts of a model by its first one", async () => {
  await withParts(async (folder) => {
    const gguf = await openGguf(partPath(folder, 1));
    assertEquals(gguf.paths, [1, 2].map((part) => partPath(folder, part)));
    assertEquals([...gguf.tensors.keys()], ["first", "second"]);
    assertEquals(await gguf.read("first"), new Uint8Array(32).fill(1));
    assertEquals(await gguf.read("second"), new Uint8Array(32).fill(2));
  });
});

Deno.test("openGguf() refuses a later part, and a part without the others", async () => {
  await withParts(async (folder) => {
    await assertRejects(
      () => openGguf(partPath(folder, 2)),
      TypeError,
      "received part 2 of 2",
    );
    await Deno.copyFile(partPath(folder, 1), `${folder}/alone.gguf`);
    await assertRejects(
      () => openGguf(`${folder}/alone.gguf`),
      TypeError,
      "must be named by its first part, -00001-of-00002.gguf",
    );
    await Deno.remove(partPath(folder, 2));
    await assertRejects(
      () => openGguf(partPath(folder, 1)),
      Deno.errors.NotFound,
    );
  });
});

Deno.test("openGguf() refuses parts that do not belong together", async () => {
  await withParts(async (folder) => {
    await assertRejects(
      () => openGguf(partPath(folder, 1)),
      TypeError,
      "must be part 2 of 2: received part 1 of 2",
    );
  }, { second: 0 });
  await withParts(async (folder) => {
    await assertRejects(
      () => openGguf(partPath(folder, 1)),
      SyntaxError,
      'received "first" in two parts',
    );
  }, { name: "first" });
});
