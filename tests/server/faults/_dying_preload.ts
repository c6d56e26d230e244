/**
 * Run before the server by `--preload`: SIGUSR2 makes the workers of models throw.
 *
 * @module
 */

const RealWorker = Worker;

globalThis.Worker = class extends RealWorker {
  constructor(module: string | URL, options?: WorkerOptions) {
    const isModel = String(module).endsWith("/worker/worker.ts");
    super(
      isModel ? import.meta.resolve("./_dying_worker.ts") : module,
      options,
    );
    if (!isModel) return;
    Deno.addSignalListener("SIGUSR2", () => this.postMessage("throw"));
  }
};
