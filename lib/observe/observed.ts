/**
 * Observes a generation and reports its outcome once, at its end, for metrics, log and
 * spans.
 *
 * @module
 */

import { ApiError } from "../engine/errors.ts";
import type { Counts, GenerationEvent } from "../engine/generation.ts";

/** How a generation went. */
export interface GenerationReport {
  /** What it made. @default "text" */
  made?: "vectors" | "decisions";
  /**
   * `"abort"` if the client left or the server cut it off; `"refused"` if the client
   * got a 4xx; `"error"` if the server failed.
   */
  outcome: "stop" | "length" | "abort" | "refused" | "error";
  /** What it had taken when the last event was sent, if one was. */
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

/** Passes events on, and reports how the generation went. */
export async function* observed(
  events: AsyncIterable<GenerationEvent>,
  { signal, clock, report }: ObserveOptions,
): AsyncGenerator<GenerationEvent> {
  const start = clock();
  const found: Omit<GenerationReport, "ms"> = { outcome: "abort" };
  try {
    for await (const event of events) {
      if (event.type !== "prompt") found.firstMs ??= clock() - start;
      if (event.type === "text") found.counts = event.counts;
      if (event.type === "end") {
        const { usage, timings, finishReason } = event;
        found.counts = { usage, timings };
        found.outcome = finishReason;
      }
      yield event;
    }
  } catch (error) {
    found.outcome = outcomeOf(error, signal);
    throw error;
  } finally {
    report({ ...found, ms: clock() - start });
  }
}

/** Returns what `make` returns, and reports how that went. */
export async function observedWhole<T extends { counts: Counts }>(
  made: "vectors" | "decisions",
  make: () => Promise<T>,
  { signal, clock, report }: ObserveOptions,
): Promise<T> {
  const start = clock();
  let found: Pick<GenerationReport, "outcome" | "counts">;
  try {
    const whole = await make();
    found = { outcome: "stop", counts: whole.counts };
    return whole;
  } catch (error) {
    found = { outcome: outcomeOf(error, signal) };
    throw error;
  } finally {
    report({ made, ...found!, ms: clock() - start });
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
