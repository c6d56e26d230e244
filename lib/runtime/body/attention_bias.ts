/**
 * Which row attends to which, as numbers added to the attention scores.
 *
 * @module
 */

import type { Step } from "../../bita/decode/model.ts";

/** Hides a column from a row: far below any score, yet finite. */
export const HIDDEN = -1e4;

/**
 * Builds the bias of a step, `[rows, start + rows]`.
 *
 * @param options.rows rows of the step and of padding after them.
 * @param options.softPrompt slots at the front that mask rows alone see.
 */
export function attentionBias(
  { start, tokens, parents }: Omit<Step, "sequence" | "read">,
  { rows, softPrompt }: { rows: number; softPrompt: number },
): Float32Array<ArrayBuffer> {
  const total = start + rows;
  const bias = new Float32Array(rows * total);
  for (const [row, parent] of parents.entries()) {
    const line = row * total;
    const own = line + start;
    if (tokens[row] >= 0) bias.fill(HIDDEN, line, line + softPrompt);
    if (parent < 0) bias.fill(HIDDEN, own, own + rows);
    else {
      const path = parent * total + start;
      bias.copyWithin(own, path, path + rows);
    }
    bias[own + row] = 0;
  }
  return bias;
}

/**
 * Repeats the rows of a bias, `[width, start + width]` →
 * `[copies · width, start + copies · width]`. Columns of copies are hidden.
 */
export function foldBias(
  bias: Float32Array<ArrayBuffer>,
  { start, width, copies }: { start: number; width: number; copies: number },
): Float32Array<ArrayBuffer> {
  const [seen, total] = [start + width, start + copies * width];
  const folded = new Float32Array(copies * width * total).fill(HIDDEN);
  for (let row = 0; row < copies * width; row++) {
    const from = (row % width) * seen;
    folded.set(bias.subarray(from, from + seen), row * total);
  }
  return folded;
}

/** A step in layers with a sliding window. */
interface WindowedStep {
  start: number;
  /** Rows of the step and of padding after them. */
  rows: number;
  /** Positions of the step's rows in the text. */
  positions: Int32Array;
  softPrompt: number;
  /** Tokens that a row sees, itself included. */
  size: number;
}

/**
 * Narrows the bias of a step to a sliding window; returns a copy.
 *
 * What is hidden follows from positions in the text, so that a sibling sees what it will
 * see in its natural slot. A soft prompt has no position and stays visible.
 */
export function windowBias(
  bias: Float32Array<ArrayBuffer>,
  { start, rows, positions, softPrompt, size }: WindowedStep,
): Float32Array<ArrayBuffer> {
  const narrow = bias.slice();
  for (const [row, position] of positions.entries()) {
    const line = row * (start + rows);
    const oldest = Math.max(0, position - size + 1);
    const end = Math.min(start, softPrompt + oldest);
    narrow.fill(HIDDEN, line + softPrompt, line + end);
    for (let other = 0; other < row; other++) {
      if (positions[other] < oldest) narrow[line + start + other] = HIDDEN;
    }
  }
  return narrow;
}
