/**
 * How fast a soak works: as much as keeps the processors' load at a share, and what the
 * clock shows of the times in which everything was stopped.
 *
 * @module
 */

import { median } from "../bench/statistics.ts";

/** Milliseconds between two looks at the clock. */
const TICK_MS = 1000;

/** Milliseconds by which a look must be late to show a gap. */
const LATE_MS = 3000;

/** Returns the next pause between requests, by the share that the last one led to. */
export function nextPause(
  pauseMs: number,
  { share, target }: { share: number; target: number },
): number {
  const factor = Math.min(2, Math.max(0.5, share / target));
  return Math.min(60_000, Math.max(1, pauseMs * factor));
}

/** Collects latencies, without those of requests that a gap has made longer. */
export class Latencies {
  #ms: number[] = [];
  #gapMs = 0;
  #lastGap = -Infinity;
  #looked: number;
  readonly #now: () => number;

  /** `now` returns milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#looked = now();
  }

  /** Looks at the clock, which must happen each second. */
  look(): void {
    const now = this.#now();
    const late = now - this.#looked - TICK_MS;
    if (late > LATE_MS) {
      this.#gapMs += late;
      this.#lastGap = now;
    }
    this.#looked = now;
  }

  /** Takes the latency of a request that ends now. */
  add(begun: number): void {
    this.look();
    if (begun > this.#lastGap) this.#ms.push(this.#now() - begun);
  }

  /** Returns what was collected since the last time. */
  take(): { medianMs: number | null; p95Ms: number | null; gapMs: number } {
    this.look();
    const sorted = this.#ms.toSorted((a, b) => a - b);
    const taken = {
      medianMs: sorted.length > 0 ? median(sorted) : null,
      p95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? null,
      gapMs: this.#gapMs,
    };
    this.#ms = [];
    this.#gapMs = 0;
    return taken;
  }
}
