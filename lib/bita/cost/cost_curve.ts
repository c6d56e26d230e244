/**
 * What rows cost on this host, in milliseconds.
 *
 * @module
 */

/** Measured points: rows, and the milliseconds that they take together. */
export type CostSamples = readonly (readonly [rows: number, ms: number])[];

/** Milliseconds that passes of any width take. */
export interface Cost {
  /** Of the body, for the rows of a pass that some sequences share; 1 unless given. */
  body(rows: number, sequences?: number): number;
  /** Of the head, for the rows that are read at once. */
  head(rows: number): number;
  /** Of a step of the Hydra head; nothing unless given. */
  draft?(): number;
}

/**
 * Draws a curve through samples, straight between them and beyond the last two;
 * before the first it is flat, since narrower passes are padded.
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

/** More rows never take less time; where they seem to, something disturbed. */
function rising(samples: CostSamples): (readonly [number, number])[] {
  let most = 0;
  return samples.toSorted(([a], [b]) => a - b).map(([rows, ms]) => {
    most = Math.max(most, ms);
    return [rows, most] as const;
  });
}
