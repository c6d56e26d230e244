/**
 * Compiles this server's own kernels. WebGPU reports one that a device refuses later, and
 * only to the error scope around it; elsewhere it would count as the failure of the device.
 *
 * @module
 */

/** A compute shader whose entry is its only one. */
export interface Kernel {
  label: string;
  /** In WGSL. */
  code: string;
}

/** Compiles a kernel; returns `undefined` if the device refuses it. */
export type Compile = (
  kernel: Kernel,
) => Promise<GPUComputePipeline | undefined>;

/**
 * Returns what compiles for a device.
 *
 * @param onRefused is called with the reason if a kernel is refused.
 */
export function compiler(
  device: GPUDevice,
  onRefused: (reason: string) => void,
): Compile {
  return async function compile({ label, code }) {
    device.pushErrorScope("internal");
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label, code });
    const pipeline = device.createComputePipeline({
      layout: "auto",
      compute: { module },
    });
    const errors = [device.popErrorScope(), device.popErrorScope()];
    const error = (await Promise.all(errors)).find((error) => error !== null);
    if (!error) return pipeline;
    onRefused(
      `The GPU is used without the kernel ${label}, which it refuses: ${error.message}`,
    );
  };
}
