/**
 * Requests the machine's GPU without the driver's warnings.
 *
 * @module
 */

import { tmpdir } from "node:os";

/** Where drivers of GPUs are on Linux, those of Windows' subsystem included. */
const DEVICES = ["/dev/dri", "/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg"];

/**
 * Returns whether this machine may have a GPU: on Linux, whether a device is there.
 * Asking for an adapter takes a tenth of a second.
 */
export function mayHaveGpu(): boolean {
  if (Deno.build.os !== "linux") return true;
  return DEVICES.some((path) => {
    try {
      return Deno.statSync(path) !== undefined;
    } catch (error) {
      return !(error instanceof Deno.errors.NotFound);
    }
  });
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
