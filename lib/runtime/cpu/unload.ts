/**
 * ONNX Runtime's library once nothing needs it: it takes some 30 MB, with the tables that
 * it makes.
 *
 * @module
 */

import { LIBC, mayCallLibc } from "../host/libc.ts";

/** The name that the library has for itself on Linux. */
export const SONAME = "libonnxruntime.so.1";

/** Numbers of <dlfcn.h>. */
const RTLD_LAZY = 1;
const RTLD_NOLOAD = 4;

/**
 * Unloads the library on Linux, if all have closed it. As it has variables of threads, it
 * stays until these have ended, and then until the loader looks again: that is what
 * opening and closing it makes it do.
 */
export function unloadOnnxRuntime(): void {
  if (!mayCallLibc()) return;
  const libc = Deno.dlopen(LIBC, {
    dlopen: {
      parameters: ["buffer", "i32"],
      result: "pointer",
      optional: true, // before glibc 2.34, they are in another library
    },
    dlclose: { parameters: ["pointer"], result: "i32", optional: true },
  });
  const { dlopen, dlclose } = libc.symbols;
  const name = new TextEncoder().encode(`${SONAME}\0`);
  const library = dlopen?.(name, RTLD_LAZY | RTLD_NOLOAD);
  if (library) dlclose?.(library);
  libc.close();
}
