/**
 * A model runs a few requests at once. The others wait in the order they came, and
 * when too many wait, the next is told to come back instead of joining the line.
 *
 * @module
 */

import { ApiError } from "./errors.ts";
import type { Engine } from "./generation.ts";

/** How many run, how long the line may get, and what the surplus is told. */
export interface QueueOptions {
  /** The most requests that run at once. */
  maxRunning: number;
  /** The most requests that wait behind those that run. @default 64 */
  maxWaiting?: number;
  /** When to try again, in milliseconds. @default 1000 */
  retryAfterMs?: number;
}

/**
 * Puts a line before an engine. A place is kept from the first event asked for until
 * the generation ends, fails or is left, or until its signal aborts while it waits.
 *
 * @throws {ApiError} 429 before the first event, if the line is full.
 */
export function queued(
  engine: Engine,
  { maxRunning, maxWaiting = 64, retryAfterMs = 1000 }: QueueOptions,
): Engine {
  const waiting = new Set<() => void>(); // each starts its request
  let running = 0;

  function turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (running < maxRunning) {
      running++;
      return Promise.resolve();
    }
    if (waiting.size >= maxWaiting) throw overloaded(maxWaiting, retryAfterMs);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      waiting.delete(resolve);
      reject(signal.reason);
    };
    waiting.add(resolve);
    signal.addEventListener("abort", leave);
    return promise.finally(() => signal.removeEventListener("abort", leave));
  }

  function next(): void {
    const [start] = waiting;
    if (!start) {
      running--;
      return;
    }
    waiting.delete(start); // and its place goes over to the one that starts
    start();
  }

  return {
    info: engine.info,
    async *generate(request, { signal }) {
      await turn(signal);
      try {
        yield* engine.generate(request, { signal });
      } finally {
        next();
      }
    },
  };
}

function overloaded(maxWaiting: number, retryAfterMs: number): ApiError {
  return new ApiError(
    429,
    `Cannot queue the request: at most ${maxWaiting} may wait: received one more`,
    {
      code: "rate_limit_exceeded",
      headers: {
        "Retry-After": String(Math.ceil(retryAfterMs / 1000)),
        "retry-after-ms": String(retryAfterMs),
      },
    },
  );
}
