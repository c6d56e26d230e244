/**
 * The few statistics that the benchmarks state.
 *
 * @module
 */

/** Gives the middle of some numbers, or the mean of the middle two. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Gives the mean of ratios: twice as fast and half as fast make 1. */
export function geometricMean(ratios: readonly number[]): number {
  const logs = ratios.map(Math.log);
  return Math.exp(sum(logs) / logs.length);
}

/** Adds numbers up. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
