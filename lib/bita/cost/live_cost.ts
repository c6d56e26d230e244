/**
 * What rows cost, kept up to date by the passes that run anyway: a start on a busy
 * machine must not plan wrong trees for ever.
 *
 * @module
 */

import { type Cost, costCurve, type CostSamples } from "./cost_curve.ts";

/** How far one pass moves what is known of its width. */
const RATE = 1 / 16;

/** How far a shared pass moves what is known of as many sequences. */
const SHARE_RATE = 1 / 8;

/** Its say about all other widths: a machine slows down, or only wide passes. */
const SHARED = 0.5;

/** The most that one pass may differ; beyond it, something disturbed. */
const MOST = 2;

/** Costs that start from samples and follow what is seen. */
export class LiveCost implements Cost {
  /** Functions of their own, since planners take them out of here. */
  readonly body: (rows: number, sequences?: number) => number;
  readonly head: (rows: number) => number;
  readonly draft: () => number;
  #draft = 0;
  /** By sequences, from 2. */
  readonly #shares: (number | undefined)[] = [];
  readonly #curves: { body: LiveCurve; head: LiveCurve };

  /** @throws {RangeError} if there are fewer than two samples of either. */
  constructor(samples: { body: CostSamples; head: CostSamples }) {
    const body = new LiveCurve(samples.body);
    const head = new LiveCurve(samples.head);
    this.body = (rows, sequences = 1) => body.at(rows) * this.#share(sequences);
    this.head = (rows) => head.at(rows);
    this.draft = () => this.#draft;
    this.#curves = { body, head };
  }

  /** Notes the milliseconds that rows took; passes beyond the samples are ignored. */
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

  /** Returns how much longer rows take that belong to so many sequences. */
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
