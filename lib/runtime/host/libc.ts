/**
 * The C library on Linux, and whether this process may call it.
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
