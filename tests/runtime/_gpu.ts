/**
 * The GPU of this machine, a software driver included.
 *
 * @module
 */

/** Finds an adapter, or says aloud that the tests go without one. */
export async function findGpu(): Promise<GPUAdapter | null> {
  const adapter = await navigator.gpu?.requestAdapter() ?? null;
  if (!adapter) console.log("No GPU adapter here: WebGPU tests are skipped.");
  return adapter;
}
