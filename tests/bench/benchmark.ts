/**
 * What a benchmark is: a name's worth of measuring that ends in tables.
 *
 * @module
 */

import type { Table } from "./table.ts";

/** What may be said behind `--name`. */
export interface Option {
  about: string;
  default: string;
}

/** What a benchmark has found. */
export interface Report {
  tables: Table[];
  /** How to read them, a sentence each. */
  notes: string[];
  /** All that was measured, for `--json`. */
  data: unknown;
  /** A picture of it, for `--svg`. */
  plot?: string;
}

/** One kind of measurement. */
export interface Benchmark {
  about: string;
  options: Record<string, Option>;
  /** @throws {TypeError} if an option's value is none that it may have. */
  run(values: Record<string, string>): Promise<Report>;
}

/**
 * Reads an option's value as an integer of at least `least`.
 *
 * @throws {TypeError} if it is none.
 */
export function integer(
  values: Record<string, string>,
  name: string,
  { least = 1 }: { least?: number } = {},
): number {
  const number = /^\d+$/.test(values[name]) ? Number(values[name]) : NaN;
  if (number >= least) return number;
  throw new TypeError(
    `Cannot run the benchmark: --${name} must be an integer of at least ${least}: received "${
      values[name]
    }"`,
  );
}

/**
 * Reads an option's value as some of `names`, with commas between.
 *
 * @throws {TypeError} if it is none of them.
 */
export function someOf<T extends string>(
  value: string,
  names: readonly T[],
): T[] {
  return value.split(",").map((name) => {
    const found = names.find((candidate) => candidate === name);
    if (found) return found;
    throw new TypeError(
      `Cannot run the benchmark: one of ${
        names.join(", ")
      } is required: received "${name}"`,
    );
  });
}

/** Says on standard error how far a benchmark is. */
export function progress(done: number, total: number, label: string): void {
  console.error(`${done}/${total} ${label}`);
}
