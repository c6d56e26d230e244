import { assertEquals } from "@std/assert";
import { HeldBlock } from "../../../lib/prefix/memory/held_block.ts";
import { ALL_CALLERS, sharedSpace } from "../../../lib/prefix/namespace.ts";
import { MemoryCache } from "../../../lib/prefix/memory/memory_cache.ts";

/** A block of 4 numbers, 16 bytes. */
function block(hash: string, space = "s"): HeldBlock {
  return new HeldBlock({
    place: { model: "m", space, hash },
    tokens: Int32Array.of(1),
    kv: new Float32Array(4),
    depth: 0,
  });
}

const heldBy = (cache: MemoryCache, hashes: string) =>
  [...hashes].filter((hash) => cache.get(hash)).join("");

Deno.test("MemoryCache evicts the least recently used above its cap", () => {
  const cache = new MemoryCache(40);
  assertEquals(cache.put(block("a")), 0);
  assertEquals(cache.put(block("b")), 0);
  assertEquals(cache.put(block("c")), 1);
  assertEquals([heldBy(cache, "abc"), cache.bytes], ["bc", 32]);
});

Deno.test("MemoryCache evicts the end of a text before its beginning", () => {
  const cache = new MemoryCache(48);
  for (const hash of "abc") cache.put(block(hash));
  cache.touch(["a", "b", "c"]);
  cache.put(block("x"));
  assertEquals(heldBy(cache, "abcx"), "abx");
  cache.put(block("y"));
  assertEquals(heldBy(cache, "abcxy"), "axy");
});

Deno.test("MemoryCache counts a block once that is put twice", () => {
  const cache = new MemoryCache(40);
  cache.put(block("a"));
  cache.put(block("a"));
  assertEquals(cache.bytes, 16);
});

Deno.test("MemoryCache erases a namespace, or those of all callers", () => {
  const cache = new MemoryCache(80);
  for (const hash of "abc") cache.put(block(hash, hash === "b" ? "t" : "s"));
  cache.put(block("d", sharedSpace(new Uint8Array(32))));
  assertEquals(cache.erase("s"), 2);
  assertEquals([heldBy(cache, "abcd"), cache.bytes], ["bd", 32]);
  assertEquals(cache.erase(ALL_CALLERS), 1);
  assertEquals([heldBy(cache, "abcd"), cache.bytes], ["d", 16]);
});

Deno.test("MemoryCache.room() is how many blocks fit", () => {
  assertEquals(new MemoryCache(40).room(16), 2);
});

Deno.test("MemoryCache frees an evicted block when its last user releases it", () => {
  const cache = new MemoryCache(16);
  const [a, b] = [block("a").retain(), block("b")];
  cache.put(a);
  cache.put(b);
  assertEquals([a.kv.byteLength, b.kv.byteLength], [16, 16]);
  a.release();
  assertEquals([a.kv.byteLength, b.kv.byteLength], [0, 16]);
  cache.erase(ALL_CALLERS);
  assertEquals(b.kv.byteLength, 0);
});
