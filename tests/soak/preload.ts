/**
 * Runs before the server of a soak: SIGUSR2 writes the size of its heap to the file
 * `SOAK_HEAP`. With `SOAK_LEAK`, a timer leaks on purpose, so that the soak can be seen to
 * find it, however much the server has to do.
 *
 * @module
 */

const heapFile = Deno.env.get("SOAK_HEAP")!;
const leak = Deno.env.get("SOAK_LEAK");

/** Milliseconds between two leaks. */
const PAUSE_MS = 250;

/** Bytes that leak each time. */
const LEAKED_BYTES = 3 * 2 ** 20;

Deno.addSignalListener("SIGUSR2", () => {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed } = Deno.memoryUsage();
  Deno.writeTextFileSync(`${heapFile}.part`, String(heapUsed));
  Deno.renameSync(`${heapFile}.part`, heapFile);
});

const leaked: unknown[] = [];

if (leak) {
  const timer = setInterval(() => {
    if (leak !== "descriptors") {
      leaked.push(new Uint8Array(LEAKED_BYTES).fill(1));
    }
    if (leak !== "memory") leaked.push(Deno.openSync("/dev/null"));
  }, PAUSE_MS);
  Deno.unrefTimer(timer);
}
