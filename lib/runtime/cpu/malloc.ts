/**
 * How the C library keeps memory that was freed: by default, after some large blocks were
 * freed, it keeps further ones for itself. The keys and values of a long text would never
 * be returned to the system, nor would what is free between blocks that are in use.
 *
 * @module
 */

import { LIBC, mayCallLibc } from "../host/libc.ts";

/** Numbers of <malloc.h>. */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;

/** Number of <linux/prctl.h>. */
const PR_SET_THP_DISABLE = 41;

/** Bytes of a block from which on it is returned as soon as it is freed. */
const LARGE = 2 ** 20;

/** Free bytes at the end of the heap that are kept. */
const KEPT = 64 * 2 ** 20;

/** Has large blocks that are allocated from now on returned once they are freed. */
export function returnLargeBlocks(): void {
  if (Deno.build.os !== "linux") return;
  const library = Deno.dlopen(LIBC, {
    mallopt: { parameters: ["i32", "i32"], result: "i32" },
  });
  library.symbols.mallopt(M_MMAP_THRESHOLD, LARGE);
  library.symbols.mallopt(M_TRIM_THRESHOLD, KEPT);
  library.close();
}

/**
 * Returns the free memory of the heap to the system, where this process may call native
 * functions. Threads that want memory wait meanwhile, for some 100 ms a gigabyte.
 */
export function trimHeap(): void {
  if (!mayCallLibc()) return;
  const library = Deno.dlopen(LIBC, {
    malloc_trim: { parameters: ["usize"], result: "i32" },
  });
  library.symbols.malloc_trim(0n);
  library.close();
}

/**
 * Returns the free memory of the heap to the system, and keeps it there.
 *
 * @returns what must be disposed of before memory is taken for weights. Until then there
 * are no new huge pages: the system would join the pages that are left to such, of which
 * most is free.
 */
export function returnMemory(): Disposable | undefined {
  if (!mayCallLibc()) return;
  const library = Deno.dlopen(LIBC, {
    prctl: {
      parameters: ["i32", "usize", "usize", "usize", "usize"],
      result: "i32",
    },
  });
  const { prctl } = library.symbols;
  prctl(PR_SET_THP_DISABLE, 1n, 0n, 0n, 0n);
  trimHeap();
  return {
    [Symbol.dispose]() {
      prctl(PR_SET_THP_DISABLE, 0n, 0n, 0n, 0n);
      library.close();
    },
  };
}
