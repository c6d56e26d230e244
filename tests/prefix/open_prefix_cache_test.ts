import { assertEquals } from "@std/assert";
import { blockSize } from "../../lib/prefix/open_prefix_cache.ts";

Deno.test("blockSize() fills one commit with SmolLM2-135M's tokens", () => {
  const bytesPerToken = 30 * 2 * 3 * 64 * 4;
  assertEquals(blockSize(bytesPerToken), { tokens: 16, storable: true });
});

Deno.test("blockSize() is smaller for large tokens, and not storable for the largest", () => {
  assertEquals(blockSize(512), { tokens: 16, storable: true });
  assertEquals(blockSize(81_920), { tokens: 8, storable: true });
  assertEquals(blockSize(96_250), { tokens: 8, storable: true });
  assertEquals(blockSize(96_251), { tokens: 8, storable: false });
});
