/**
 * The C library on Linux, and whether this process may call it; libraries that it loaded.
 *
 * @module
 */

/** The library's name. */
export const LIBC = "libc.so.6";

/** Returns whether this process may call the library, which is on Linux alone. */
export function mayCallLibc(): boolean {
  if (Deno.build.os !== "linux") return false;
  const { state } = Deno.permissions.querySync({ name: "ffi", path: LIBC });
  return state === "granted";
}

/** Numbers of <dlfcn.h>. */
const RTLD_LAZY = 1;
const RTLD_NOLOAD = 4;

/**
 * Unloads a library that is closed already. It stays as long as a thread has variables of
 * it, and then until the next close.
 *
 * @param name as the library calls itself.
 */
export function unloadLibrary(name: string): void {
  if (!mayCallLibc()) return;
  const libc = Deno.dlopen(LIBC, {
    dlopen: {
      parameters: ["buffer", "i32"],
      result: "pointer",
      optional: true,
    },
    dlclose: { parameters: ["pointer"], result: "i32", optional: true },
  });
  const { dlopen, dlclose } = libc.symbols;
  const path = new TextEncoder().encode(`${name}\0`);
  const library = dlopen?.(path, RTLD_LAZY | RTLD_NOLOAD);
  if (library) dlclose?.(library);
  libc.close();
}
