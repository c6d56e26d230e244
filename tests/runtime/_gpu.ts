/**
 * The GPU of this machine, a software driver included.
 *
 * @module
 */

import { gpuAdapter } from "../../lib/runtime/web/gpu_adapter.ts";

/** Finds an adapter, or says aloud that the tests go without one. */
export async function findGpu(): Promise<GPUAdapter | null> {
  const adapter = await gpuAdapter();
  if (!adapter) console.log("No GPU adapter here: WebGPU tests are skipped.");
  return adapter;
}
