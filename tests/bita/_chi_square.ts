/**
 * Returns the chance of counts that are at least as far from their expectation.
 *
 * Cells that expect fewer than 5 are merged. Uses the normal approximation of Wilson
 * and Hilferty, whose error is a few percent of the chance.
 */
export function chiSquareChance(counts: number[], expected: number[]): number {
  let rareCount = 0;
  let rareExpected = 0;
  let sum = 0;
  let cells = 0;
  for (const [i, e] of expected.entries()) {
    if (e < 5) {
      rareCount += counts[i];
      rareExpected += e;
    } else {
      sum += (counts[i] - e) ** 2 / e;
      cells++;
    }
  }
  if (rareExpected > 0) {
    sum += (rareCount - rareExpected) ** 2 / rareExpected;
    cells++;
  }
  const spread = 2 / (9 * (cells - 1));
  const z = (Math.cbrt(sum / (cells - 1)) - 1 + spread) / Math.sqrt(spread);
  return normalTail(z);
}

/** Returns the chance of a normal deviate above z, by Abramowitz and Stegun 26.2.17. */
function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.319381530 + t * (-0.356563782 +
        t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * series;
}
