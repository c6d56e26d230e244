/**
 * Requests the machine's GPU without the driver's warnings.
 *
 * @module
 */

import { tmpdir } from "node:os";

/** Returns the fastest adapter, which may be a software driver, or `null`. */
export async function gpuAdapter(): Promise<GPUAdapter | null> {
  // Mesa reads this variable and warns if it is not set.
  if (Deno.build.os === "linux" && !Deno.env.get("XDG_RUNTIME_DIR")) {
    Deno.env.set("XDG_RUNTIME_DIR", tmpdir());
  }
  const options = { powerPreference: "high-performance" } as const;
  return await navigator.gpu?.requestAdapter(options) ?? null;
}
