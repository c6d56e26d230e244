/**
 * The statistics that the benchmarks use.
 *
 * @module
 */

/** Returns the middle number, or the mean of the middle two; `NaN` of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Returns the geometric mean: that of 2 and 0.5 is 1. */
export function geometricMean(ratios: readonly number[]): number {
  const logs = ratios.map(Math.log);
  return Math.exp(sum(logs) / logs.length);
}

/** Returns the sum. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
