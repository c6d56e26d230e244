/**
 * How a generation went, for those who count and log: told once, when it is over.
 *
 * @module
 */

import type { GenerationEvent } from "../engine/generation.ts";

/** How a generation went. */
export interface Course {
  /** `"abort"` if it was left or cut off; `"error"` if it failed. */
  outcome: "stop" | "length" | "abort" | "error";
  /** Its last event, if it came to that. */
  end?: Extract<GenerationEvent, { type: "end" }>;
  /** Milliseconds to its first text or end, if it came to one. */
  firstMs?: number;
  /** Milliseconds in all. */
  ms: number;
}

/** What following needs from outside. */
export interface FollowOptions {
  signal: AbortSignal;
  /** Time in milliseconds. */
  now: () => number;
  /** Hears of the course. */
  tell: (course: Course) => void;
}

/** Passes events on, and tells how they went. */
export async function* followed(
  events: AsyncIterable<GenerationEvent>,
  { signal, now, tell }: FollowOptions,
): AsyncGenerator<GenerationEvent> {
  const before = now();
  const course: Course = { outcome: "abort", ms: 0 };
  try {
    for await (const event of events) {
      if (event.type !== "prompt") course.firstMs ??= now() - before;
      if (event.type === "end") {
        course.end = event;
        course.outcome = event.finishReason;
      }
      yield event;
    }
  } catch (error) {
    if (!signal.aborted) course.outcome = "error";
    throw error;
  } finally {
    tell({ ...course, ms: now() - before });
  }
}
