/**
 * How many cases a fuzz test tries: a few in the suite, many in `deno task fuzz`.
 *
 * @module
 */

import type { Parameters } from "fast-check";

const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 0);

/** Returns the runs of a test; without `FUZZ_RUNS`, the same `few` ones each time. */
export function fuzzed<T>(few: number): Parameters<T> {
  return RUNS > 0 ? { numRuns: RUNS } : { numRuns: few, seed: 19 };
}
