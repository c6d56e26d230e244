/**
 * Run before the server by `--preload`: its workers throw an error that nothing
 * catches when the process gets SIGUSR1.
 *
 * @module
 */

const module = import.meta.resolve("./_dying_worker.ts");
const RealWorker = Worker;

globalThis.Worker = class extends RealWorker {
  constructor(_: string | URL, options?: WorkerOptions) {
    super(module, options);
    Deno.addSignalListener("SIGUSR1", () => this.postMessage("throw"));
  }
};
