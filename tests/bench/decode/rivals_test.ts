import { assertEquals } from "@std/assert";
import { besideLlama } from "./rivals.ts";

Deno.test("besideLlama() compares our drafts with each decoder", () => {
  const tokens = [1, 2, 3, 4, 5];
  const ours = (decodeMs: number) => (
    { tokens, decodeMs, firstMs: 9, restMs: 9, passes: 5, rows: 5 }
  );
  const llama = (restMs: number) => ({ tokens, restMs, firstMs: 9 });
  const { rows } = besideLlama([{
    ours: { none: ours(100), drafted: ours(50) },
    llama: { none: llama(160), lookup: llama(40) },
  }]);
  assertEquals(rows, [
    ["bita, none", 50, 2],
    ["bita, drafted", 100, 1],
    ["llama.cpp, none", 25, 4],
    ["llama.cpp, lookup", 100, 1],
  ]);
});
