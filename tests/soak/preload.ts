/**
 * Runs before the server of a soak: SIGUSR2 writes the size of its heap to the file
 * `SOAK_HEAP`. With `SOAK_LEAK`, each message to a model leaks on purpose, so that the
 * soak can be seen to find it.
 *
 * @module
 */

const heapFile = Deno.env.get("SOAK_HEAP")!;
const leak = Deno.env.get("SOAK_LEAK");

/** Bytes that a message leaks. */
const LEAKED_BYTES = 512 * 1024;

/** Messages for each descriptor that leaks. */
const MESSAGES = 4;

Deno.addSignalListener("SIGUSR2", () => {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed } = Deno.memoryUsage();
  Deno.writeTextFileSync(`${heapFile}.part`, String(heapUsed));
  Deno.renameSync(`${heapFile}.part`, heapFile);
});

const leaked: unknown[] = [];
let messages = 0;

if (leak) {
  const RealWorker = Worker;
  globalThis.Worker = class extends RealWorker {
    override postMessage(message: unknown, transfer?: unknown): void {
      super.postMessage(message, transfer as Transferable[]);
      if (leak !== "descriptors") {
        leaked.push(new Uint8Array(LEAKED_BYTES).fill(1));
      }
      if (leak !== "memory" && messages++ % MESSAGES === 0) {
        leaked.push(Deno.openSync("/dev/null"));
      }
    }
  };
}
