/**
 * A process of its own, whose heap no test has used before: frees 100 MiB of small blocks
 * below one that stays, and prints the MiB that are kept of them, before and after a trim.
 *
 * @module
 */

import { trimHeap } from "../../../lib/runtime/cpu/malloc.ts";

const MIB = 1 << 20;
const SIZE = 100 * 1024;

const { symbols: { calloc, memset, free } } = Deno.dlopen("libc.so.6", {
  calloc: { parameters: ["usize", "usize"], result: "pointer" },
  memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
  free: { parameters: ["pointer"], result: "void" },
});

/** Takes memory that is in use. */
function take(): Deno.PointerValue {
  return memset(calloc(1n, BigInt(SIZE)), 1, BigInt(SIZE));
}

const kept = () => Math.round((Deno.memoryUsage().rss - before) / MIB);
const before = Deno.memoryUsage().rss;
const blocks = Array.from({ length: 100 * MIB / SIZE }, take);
take(); // stays
for (const block of blocks) free(block);
const untrimmed = kept();
trimHeap();
console.log(JSON.stringify([untrimmed, kept()]));
