/**
 * Workers that the code under test starts, counted.
 *
 * @module
 */

/** Counts of workers; disposing of it stops the counting. */
export interface WorkerCount extends Disposable {
  opened: number;
  /** Those that were not ended. */
  live: number;
}

/** Counts workers from now on. */
export function countWorkers(): WorkerCount {
  const original = globalThis.Worker;
  const count = {
    opened: 0,
    live: 0,
    [Symbol.dispose]: () => void (globalThis.Worker = original),
  };
  globalThis.Worker = class extends original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      count.opened++;
      count.live++;
    }
    override terminate(): void {
      count.live--;
      super.terminate();
    }
  };
  return count;
}
