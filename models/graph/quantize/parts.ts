/**
 * Matrices that are too large to be in memory as a whole: some rows at a time.
 *
 * @module
 */

import type { Matrix, RowRange } from "../../gguf/reader.ts";

/** Rows of a part. */
const PART_ROWS = 4096;

/** The matrix of a linear, which is read in parts. */
export interface LinearInParts {
  rows: number;
  columns: number;
  /** Reads rows of the matrix, without the row `to`. */
  read(range: RowRange): Promise<Matrix>;
}

/** Cuts so many rows into parts. */
export function* parts(rows: number): Generator<RowRange> {
  for (let from = 0; from < rows; from += PART_ROWS) {
    yield { from, to: Math.min(from + PART_ROWS, rows) };
  }
}
