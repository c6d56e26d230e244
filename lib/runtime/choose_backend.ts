/**
 * Which backend runs here: a real GPU, else native CPU kernels, else wasm.
 *
 * @module
 */

import type { WeightFormat } from "../../models/graph/linear.ts";
import { gpuAdapter } from "./web/gpu_adapter.ts";
import { type Backend, type BackendName, BACKENDS } from "./backend.ts";

/** What a person may ask for: a backend, or the best one. */
export type BackendChoice = BackendName | "auto";

/** The weight format that each backend runs fastest. */
export const WEIGHTS: Record<BackendName, WeightFormat> = {
  webgpu: "int8",
  cpu: "int8",
  wasm: "fp32",
};

/** Names the chosen backend, or with `"auto"` the first that can run here. */
export async function chooseBackend(
  choice: BackendChoice,
): Promise<BackendName> {
  if (choice !== "auto") return choice;
  for (const name of BACKENDS) {
    if (await canRun(name)) return name;
  }
  throw new Deno.errors.NotSupported(
    `Cannot choose a backend: one of ${
      BACKENDS.join(", ")
    } must run here: received none`,
  );
}

/** Tells whether a backend runs here; a GPU in software does not count. */
async function canRun(name: BackendName): Promise<boolean> {
  switch (name) {
    case "webgpu": {
      const adapter = await gpuAdapter();
      return adapter !== null && !adapter.info.isFallbackAdapter;
    }
    case "cpu": {
      const { cpuBackend } = await import("./cpu/cpu_backend.ts");
      try {
        return cpuBackend(1) !== undefined;
      } catch {
        return false;
      }
    }
    case "wasm":
      return true;
  }
}

/** Opens a backend. */
export async function openBackend(
  name: BackendName,
  { threads }: { threads: number },
): Promise<Backend> {
  switch (name) {
    case "webgpu": {
      const { webgpuBackend } = await import("./web/webgpu_backend.ts");
      return await webgpuBackend();
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
