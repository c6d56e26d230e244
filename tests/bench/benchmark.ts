/**
 * A benchmark: options, a run, and the report that it ends in.
 *
 * @module
 */

import type { Table } from "./table.ts";

/** A command-line option, `--name value`. */
export interface Option {
  about: string;
  default: string;
  /** Whether it has no value, `--name`; then it is `"true"` or `""`. */
  isFlag?: boolean;
}

/** The results of a benchmark. */
export interface Report {
  tables: Table[];
  /** How to read the tables, a sentence each. */
  notes: string[];
  /** Everything measured, for `--json`. */
  data: unknown;
  /** A plot as SVG, for `--svg`. */
  plot?: string;
}

/** One benchmark. */
export interface Benchmark {
  about: string;
  options: Record<string, Option>;
  /** @throws {TypeError} if the value of an option is not allowed. */
  run(values: Record<string, string>): Promise<Report>;
}

/**
 * Parses the value of an option as an integer of at least `least`.
 *
 * @throws {TypeError} if it is not one.
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
 * Parses the value of an option as a list of `names`, separated by commas.
 *
 * @throws {TypeError} if the list contains another name.
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

/** Logs progress to standard error. */
export function progress(done: number, total: number, label: string): void {
  console.error(`${done}/${total} ${label}`);
}
