/**
 * Ends the process, whatever its threads are doing.
 *
 * @module
 */

/** The C library by platform; Windows ends threads without its help. */
const LIBC: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.dylib",
};

/**
 * Ends the process at once.
 *
 * `Deno.exit` runs the destructors of native libraries first, which wait for ever or
 * crash while another thread is inside of one.
 */
export function exitNow(code: number): never {
  const path = LIBC[Deno.build.os];
  if (path !== undefined) {
    try {
      const parameters = ["i32"] as const;
      const { symbols } = Deno.dlopen(path, {
        _exit: { parameters, result: "void" },
      });
      symbols._exit(code);
    } catch {
      // Without the permission, or with another C library, there is the other way.
    }
  }
  Deno.exit(code);
}
