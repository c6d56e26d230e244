/**
 * The time that rows take on this host, in milliseconds.
 *
 * @module
 */

/** Measured numbers of rows, each with the milliseconds that these rows take. */
export type CostSamples = readonly (readonly [rows: number, ms: number])[];

/** The milliseconds that the parts of a pass take. */
export interface Cost {
  /** Returns the time of the body for all rows of a pass, by default of one sequence. */
  body(rows: number, sequences?: number): number;
  /** Returns the time of the head for the rows that are read at once. */
  head(rows: number): number;
  /** Returns the time of a step of the Hydra head, 0 by default. */
  draft?(): number;
}

/**
 * Returns a curve through the samples. It is linear between them and extrapolates the
 * last two. It is flat before the first.
 *
 * @throws {RangeError} if there are fewer than two samples.
 */
export function costCurve(samples: CostSamples): (rows: number) => number {
  if (samples.length < 2) {
    throw new RangeError(
      `Cannot draw a cost curve: two samples are required: received ${samples.length}`,
    );
  }
  const points = rising(samples);
  return (rows) => {
    if (rows <= points[0][0]) return points[0][1];
    let right = points.findIndex(([at]) => at >= rows);
    if (right < 0) right = points.length - 1;
    const [from, low] = points[right - 1];
    const [to, high] = points[right];
    return low + (high - low) * (rows - from) / (to - from);
  };
}

/** Raises times that are lower than those of fewer rows, which is a measuring error. */
function rising(samples: CostSamples): (readonly [number, number])[] {
  let most = 0;
  return samples.toSorted(([a], [b]) => a - b).map(([rows, ms]) => {
    most = Math.max(most, ms);
    return [rows, most] as const;
  });
}
