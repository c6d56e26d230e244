/**
 * The machine's GPU, asked for quietly.
 *
 * @module
 */

import { tmpdir } from "node:os";

/** Gives the fastest adapter, perhaps a software driver's, if there is any. */
export async function gpuAdapter(): Promise<GPUAdapter | null> {
  // Mesa looks for a display here, and complains on a machine without one.
  if (Deno.build.os === "linux" && !Deno.env.get("XDG_RUNTIME_DIR")) {
    Deno.env.set("XDG_RUNTIME_DIR", tmpdir());
  }
  const options = { powerPreference: "high-performance" } as const;
  return await navigator.gpu?.requestAdapter(options) ?? null;
}
