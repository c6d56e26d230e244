/**
 * How the C library keeps memory that was freed: by default, after some large blocks were
 * freed, it keeps further ones for itself. The keys and values of a long text would never
 * be returned to the system.
 *
 * @module
 */

/** Numbers of <malloc.h>. */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;

/** Bytes of a block from which on it is returned as soon as it is freed. */
const LARGE = 2 ** 20;

/** Free bytes at the end of the heap that are kept. */
const KEPT = 64 * 2 ** 20;

/** Has large blocks that are allocated from now on returned once they are freed. */
export function returnLargeBlocks(): void {
  if (Deno.build.os !== "linux") return;
  const library = Deno.dlopen("libc.so.6", {
    mallopt: { parameters: ["i32", "i32"], result: "i32" },
  });
  library.symbols.mallopt(M_MMAP_THRESHOLD, LARGE);
  library.symbols.mallopt(M_TRIM_THRESHOLD, KEPT);
  library.close();
}
