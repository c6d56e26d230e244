import { assertEquals, assertNotEquals } from "@std/assert";
import { BlockHashes } from "../../lib/prefix/block_hashes.ts";

const ORIGIN = { model: "m", space: "s", salt: "x" };
const TEXT = Int32Array.of(1, 2, 3, 4, 5, 6, 7);

const hashes = (text: Int32Array, origin = ORIGIN) =>
  new BlockHashes(origin, 2).extend(text).hashes;

Deno.test("BlockHashes hashes whole blocks only", () => {
  assertEquals(hashes(TEXT).length, 3);
  assertEquals(hashes(TEXT.subarray(0, 1)), []);
  assertEquals(new Set(hashes(TEXT)).size, 3);
});

Deno.test("BlockHashes hashes equal beginnings equally, and no others", () => {
  const other = Int32Array.of(1, 2, 9, 4, 5, 6);
  const [first, second, third] = hashes(TEXT);
  assertEquals(hashes(other)[0], first);
  assertNotEquals(hashes(other)[1], second);
  assertNotEquals(hashes(other)[2], third);
});

Deno.test("BlockHashes continues with its text", () => {
  const hashed = new BlockHashes(ORIGIN, 2).extend(TEXT.subarray(0, 3));
  assertEquals(hashed.hashes.length, 1);
  assertEquals(hashed.extend(TEXT).hashes, hashes(TEXT));
});

Deno.test("BlockHashes separates models, namespaces and salts", () => {
  const [name] = hashes(TEXT);
  for (const change of [{ model: "n" }, { space: "t" }, { salt: "y" }]) {
    assertNotEquals(hashes(TEXT, { ...ORIGIN, ...change })[0], name);
  }
  // Fields must not run into each other.
  const [a] = hashes(TEXT, { model: "m", space: "s1", salt: "2" });
  const [b] = hashes(TEXT, { model: "m", space: "s", salt: "12" });
  assertNotEquals(a, b);
});

Deno.test("BlockHashes.tokens() copies the tokens of a block", () => {
  const text = TEXT.slice();
  const tokens = new BlockHashes(ORIGIN, 2).tokens(text, 1);
  text.fill(0);
  assertEquals([...tokens], [3, 4]);
});
