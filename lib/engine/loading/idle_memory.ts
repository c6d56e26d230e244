/**
 * Memory while no model is open. What was freed is not returned by itself: without
 * requests the heap is never collected, ONNX Runtime stays loaded, the C library keeps
 * what it was given back, and Linux joins the pages that are left of its heap to huge
 * pages again.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { returnMemory } from "../../runtime/cpu/malloc.ts";
import { unloadOnnxRuntime } from "../../runtime/cpu/unload.ts";

/**
 * Milliseconds that the threads of a model which fell asleep may take to end. Deno's own,
 * which called native functions, wait ten seconds for other work.
 */
const ENDING_MS = 12_000;

/** Collects garbage. */
type Collect = (options: { type: "major"; flavor: "last-resort" }) => void;

/** Returns memory to the system while no model is open. */
export class IdleMemory {
  readonly #endingMs: number;
  /** What waits for threads to end, unless a model opens before. */
  #waiting: AbortController | undefined;
  #returned: Disposable | undefined;
  #collect: Collect | undefined;

  /** @param options.endingMs milliseconds from a rest until memory is returned. */
  constructor({ endingMs = ENDING_MS }: { endingMs?: number } = {}) {
    this.#endingMs = endingMs;
  }

  /** Is called when a model is about to open. */
  wake(): void {
    this.#waiting?.abort();
    this.#returned?.[Symbol.dispose]();
    this.#returned = undefined;
  }

  /**
   * Is called when no model is open any more. Memory is returned a while later, which
   * takes some 100 ms of this thread; no answer waits for it then.
   */
  async rest(): Promise<void> {
    this.#waiting?.abort();
    const { signal } = this.#waiting = new AbortController();
    try {
      await delay(this.#endingMs, { signal, persistent: false });
      this.#collect ??= await collector();
    } catch {
      return;
    }
    if (signal.aborted) return;
    this.#collect({ type: "major", flavor: "last-resort" });
    unloadOnnxRuntime();
    this.#returned = returnMemory();
  }
}

/** Returns V8's function that collects garbage, if it can be had; programs have none. */
async function collector(): Promise<Collect> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  return runInNewContext("globalThis.gc") ?? (() => {});
}
