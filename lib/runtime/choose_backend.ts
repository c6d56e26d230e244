/**
 * Which backend runs here: a real GPU, else native CPU kernels, else wasm.
 *
 * @module
 */

import { type Backend, type BackendName, BACKENDS } from "./backend.ts";

/** A choice that a person makes: a backend, or the best one. */
export type BackendChoice = BackendName | "auto";

/** Opens the chosen backend, or with `"auto"` the first that works. */
export async function chooseBackend(
  choice: BackendChoice,
  { threads }: { threads: number },
): Promise<Backend> {
  if (choice !== "auto") return await openBackend(choice, { threads });
  const failures: unknown[] = [];
  for (const name of BACKENDS) {
    try {
      return await openBackend(name, { threads, hardwareOnly: true });
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(
    failures,
    `Cannot choose a backend: one must work here: received ${
      failures.join("; ")
    }`,
  );
}

async function openBackend(
  name: BackendName,
  options: { threads: number; hardwareOnly?: boolean },
): Promise<Backend> {
  const { threads, hardwareOnly = false } = options;
  switch (name) {
    case "webgpu": {
      const adapter = await navigator.gpu?.requestAdapter({
        powerPreference: "high-performance",
      });
      if (!adapter || hardwareOnly && adapter.info.isFallbackAdapter) {
        throw new Deno.errors.NotSupported(
          `Cannot open webgpu: a GPU adapter is required: received ${
            adapter ? "a software adapter" : "none"
          }`,
        );
      }
      const { webgpuBackend } = await import("./webgpu_backend.ts");
      return await webgpuBackend(adapter);
    }
    case "cpu": {
      const { cpuBackend } = await import("./cpu_backend.ts");
      return cpuBackend(threads);
    }
    case "wasm": {
      const { wasmBackend } = await import("./wasm_backend.ts");
      return wasmBackend(threads);
    }
  }
}
