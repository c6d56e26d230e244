/**
 * Chooses the backend: a real GPU, else native CPU kernels, else WebAssembly.
 *
 * @module
 */

import type { TensorInfo } from "../../models/gguf/directory.ts";
import type { WeightFormat } from "../../models/graph/linear.ts";
import { gpuAdapter, mayHaveGpu } from "./web/gpu_adapter.ts";
import { type Backend, type BackendName, BACKENDS } from "./backend.ts";

/** The setting of the backend: a name, or `"auto"` for the best one. */
export type BackendChoice = BackendName | "auto";

/** The setting of the weights: a format, or `"auto"` for the best one. */
export type WeightsChoice = WeightFormat | "auto";

/** The fastest format of each backend that loses hardly anything of any file. */
export const WEIGHTS: Record<BackendName, WeightFormat> = {
  webgpu: "int8",
  cpu: "w8a8",
  wasm: "fp32",
};

/**
 * Returns the chosen weight format. With `"auto"` it is the format of the backend, or 4
 * bits where these lose nothing, as all layers are stored as Q4_0: they need the least
 * memory, and are the fastest on most machines.
 *
 * @throws {TypeError} if the backend does not compute in that format.
 */
export function chooseWeights(
  choice: WeightsChoice,
  backend: BackendName,
  tensors: ReadonlyMap<string, Pick<TensorInfo, "type" | "shape">>,
): WeightFormat {
  if (choice === "w8a8" && backend !== "cpu") {
    throw new TypeError(
      `Cannot use WEIGHTS=w8a8: BACKEND must be cpu: received ${backend}`,
    );
  }
  if (choice !== "auto") return choice;
  const matrices = [...tensors].filter(([name, { shape }]) =>
    name.startsWith("blk.") && shape.length > 1
  );
  const isExact = matrices.every(([, { type }]) => type === "Q4_0");
  return isExact && backend !== "wasm" ? "int4" : WEIGHTS[backend];
}

/**
 * Returns the chosen backend, or with `"auto"` the first that this machine can run.
 *
 * @param onSlow is called with the reason if native kernels can't be used.
 * @throws {Deno.errors.NotSupported} if it can run none.
 */
export async function chooseBackend(
  choice: BackendChoice,
  onSlow: (reason: string) => void = () => {},
): Promise<BackendName> {
  if (choice !== "auto") return choice;
  for (const name of BACKENDS) {
    if (await canRun(name, onSlow)) return name;
  }
  throw new Deno.errors.NotSupported(
    `Cannot choose a backend: this machine must support one of ${
      BACKENDS.join(", ")
    }: received none`,
  );
}

/** Returns whether this machine can run a backend; a software GPU does not count. */
async function canRun(
  name: BackendName,
  onSlow: (reason: string) => void,
): Promise<boolean> {
  switch (name) {
    case "webgpu": {
      if (!mayHaveGpu()) return false;
      const adapter = await gpuAdapter();
      return adapter !== null && !adapter.info.isFallbackAdapter;
    }
    case "cpu": {
      const { cpuBackend } = await import("./cpu/cpu_backend.ts");
      try {
        await cpuBackend(1).close();
        return true;
      } catch (error) {
        onSlow((error as Error).message);
        return false;
      }
    }
    case "wasm":
      return true;
  }
}

/**
 * Opens a backend.
 *
 * @param options.onWarning is called with the reason if it is slower than it could be.
 */
export async function openBackend(
  name: BackendName,
  { threads, onWarning = () => {} }: {
    threads: number;
    onWarning?: (reason: string) => void;
  },
): Promise<Backend> {
  switch (name) {
    case "webgpu": {
      const { webgpuBackend } = await import("./web/webgpu_backend.ts");
      return await webgpuBackend({ onWarning });
    }
    case "cpu": {
      const { cpuBackend } = await import("./cpu/cpu_backend.ts");
      return cpuBackend(threads);
    }
    case "wasm": {
      const { wasmBackend } = await import("./web/wasm_backend.ts");
      return wasmBackend(threads);
    }
  }
}
