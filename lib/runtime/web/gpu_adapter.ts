/**
 * Requests the machine's GPU without the driver's warnings.
 *
 * @module
 */

import { tmpdir } from "node:os";
import { LIBC, mayCallLibc } from "../host/libc.ts";

/** Where drivers of GPUs are on Linux, those of Windows' subsystem included. */
const DEVICES = ["/dev/dri", "/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg"];

/** Number of <unistd.h>. */
const F_OK = 0;

/**
 * Returns whether this machine may have a GPU: on Linux, whether a device is there. The
 * C library is asked, as Deno shows devices only to programs that may do everything.
 * Asking for an adapter takes a tenth of a second, and its drivers some 70 MB.
 */
export function mayHaveGpu(): boolean {
  if (!mayCallLibc()) return true;
  const library = Deno.dlopen(LIBC, {
    access: { parameters: ["buffer", "i32"], result: "i32" },
  });
  const { access } = library.symbols;
  const isThere = (path: string) =>
    access(new TextEncoder().encode(`${path}\0`), F_OK) === 0;
  const mayHave = DEVICES.some(isThere);
  library.close();
  return mayHave;
}

/** Returns the fastest adapter, which may be a software driver, or `null`. */
export async function gpuAdapter(): Promise<GPUAdapter | null> {
  // Mesa reads this variable and warns if it is not set.
  if (Deno.build.os === "linux" && !Deno.env.get("XDG_RUNTIME_DIR")) {
    Deno.env.set("XDG_RUNTIME_DIR", tmpdir());
  }
  const options = { powerPreference: "high-performance" } as const;
  return await navigator.gpu?.requestAdapter(options) ?? null;
}
