/**
 * The time that rows take, updated by each pass. Samples from a busy start must not lead
 * to wrong trees for ever.
 *
 * @module
 */

import { type Cost, costCurve, type CostSamples } from "./cost_curve.ts";

/** Learning rate of a pass for its own width. */
const RATE = 1 / 16;

/** Learning rate of a shared pass for its number of sequences. */
const SHARE_RATE = 1 / 8;

/**
 * Part of the rate for all other widths. A pass that is slower than expected can mean a
 * slower machine or only slower passes of this width.
 */
const SHARED = 0.5;

/** The highest factor by which a pass counts as slower or faster than expected. */
const MOST = 2;

/** Costs that start from samples and follow the measured passes. */
export class LiveCost implements Cost {
  /** A property, since planners pass these functions on. */
  readonly body: (rows: number, sequences?: number) => number;
  readonly head: (rows: number) => number;
  readonly draft: () => number;
  #draft = 0;
  /** Time relative to a pass of one sequence, by number of sequences from 2. */
  readonly #shares: (number | undefined)[] = [];
  readonly #curves: { body: LiveCurve; head: LiveCurve };

  /** @throws {RangeError} if body or head has fewer than two samples. */
  constructor(samples: { body: CostSamples; head: CostSamples }) {
    const body = new LiveCurve(samples.body);
    const head = new LiveCurve(samples.head);
    this.body = (rows, sequences = 1) => body.at(rows) * this.#share(sequences);
    this.head = (rows) => head.at(rows);
    this.draft = () => this.#draft;
    this.#curves = { body, head };
  }

  /** Learns from the milliseconds that rows took. Rows beyond the samples are ignored. */
  learn(
    part: "body" | "head" | "draft",
    { rows, sequences, ms }: { rows: number; sequences: number; ms: number },
  ): void {
    if (part === "draft") this.#draft += RATE * (ms - this.#draft);
    else if (part === "head" || sequences === 1) {
      this.#curves[part].learn(rows, ms);
    } else {
      const seen = ms / this.#curves.body.at(rows);
      const known = this.#shares[sequences] ?? seen;
      this.#shares[sequences] = known + SHARE_RATE * (seen - known);
    }
  }

  /** Returns the time of rows of several sequences, relative to rows of one. */
  #share(sequences: number): number {
    for (let fewer = sequences; fewer > 1; fewer--) {
      const share = this.#shares[fewer];
      if (share !== undefined) return share;
    }
    return 1;
  }
}

class LiveCurve {
  #points: CostSamples;
  #curve: (rows: number) => number;

  constructor(samples: CostSamples) {
    this.#points = samples.toSorted(([a], [b]) => a - b);
    this.#curve = costCurve(samples);
  }

  at(rows: number): number {
    return this.#curve(rows);
  }

  learn(rows: number, ms: number): void {
    const right = this.#points.findIndex(([at]) => at >= rows);
    if (right < 0) return;
    const ratio = Math.min(MOST, Math.max(1 / MOST, ms / this.#curve(rows)));
    const [to] = this.#points[right];
    const [from] = this.#points[Math.max(0, right - 1)];
    const nearRight = from === to ? 1 : (rows - from) / (to - from);
    this.#points = this.#points.map(([at], i) => {
      const near = i === right
        ? nearRight
        : i === right - 1
        ? 1 - nearRight
        : 0;
      const power = RATE * Math.max(SHARED, near);
      return [at, this.#curve(at) * ratio ** power] as const;
    });
    this.#curve = costCurve(this.#points);
  }
}
