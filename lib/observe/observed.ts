/**
 * Observes a generation and reports its outcome once, at its end, for metrics, log and
 * spans.
 *
 * @module
 */

import { ApiError } from "../engine/errors.ts";
import type { GenerationEvent } from "../engine/generation.ts";
import type { Counts, OnBegin } from "../engine/output_counter.ts";

/** How a generation went. */
export interface GenerationReport {
  /** What it made. @default "text" */
  made?: "vectors" | "decisions";
  /**
   * `"abort"` if the client left or the server cut it off; `"refused"` if the client
   * got a 4xx; `"error"` if the server failed.
   */
  outcome: "stop" | "length" | "abort" | "refused" | "error";
  /** What it had taken at its end, if the model had begun with it. */
  counts?: Counts;
  /** Milliseconds to its first text or end, if it came to one. */
  firstMs?: number;
  /** Milliseconds in all. */
  ms: number;
}

/** What observing needs from outside. */
export interface ObserveOptions {
  signal: AbortSignal;
  /** Time in milliseconds, from a clock that never goes back. */
  clock: () => number;
  /** Takes the report. */
  report: (report: GenerationReport) => void;
}

/** Generates, passes events on, and reports how the generation went. */
export async function* observed(
  generate: (onBegin: OnBegin) => AsyncIterable<GenerationEvent>,
  { signal, clock, report }: ObserveOptions,
): AsyncGenerator<GenerationEvent> {
  const start = clock();
  const found: Omit<GenerationReport, "ms"> = { outcome: "abort" };
  const taken = new Taken();
  try {
    for await (const event of generate(taken.onBegin)) {
      if (event.type !== "prompt") found.firstMs ??= clock() - start;
      if (event.type === "end") found.outcome = event.finishReason;
      yield event;
    }
  } catch (error) {
    found.outcome = outcomeOf(error, signal);
    throw error;
  } finally {
    report({ ...found, ...taken.counts, ms: clock() - start });
  }
}

/** Returns what `make` returns, and reports how that went. */
export async function observedWhole<T>(
  made: "vectors" | "decisions",
  make: (onBegin: OnBegin) => Promise<T>,
  { signal, clock, report }: ObserveOptions,
): Promise<T> {
  const start = clock();
  let outcome: GenerationReport["outcome"] = "stop";
  const taken = new Taken();
  try {
    return await make(taken.onBegin);
  } catch (error) {
    outcome = outcomeOf(error, signal);
    throw error;
  } finally {
    report({ made, outcome, ...taken.counts, ms: clock() - start });
  }
}

/** What a request takes, however it ends. */
class Taken {
  #read: (() => Counts) | undefined;
  readonly onBegin: OnBegin = (read) => this.#read = read;

  get counts(): Pick<GenerationReport, "counts"> {
    return this.#read ? { counts: this.#read() } : {};
  }
}

function outcomeOf(
  error: unknown,
  { aborted }: AbortSignal,
): GenerationReport["outcome"] {
  if (aborted) return "abort";
  const isRefusal = error instanceof ApiError && error.status < 500;
  return isRefusal ? "refused" : "error";
}
