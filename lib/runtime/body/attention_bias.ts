/**
 * Which row attends to which, as numbers added to the attention scores.
 *
 * @module
 */

import type { Step } from "../../bita/decode/model.ts";

/** Hides a column from a row: far below any score, yet finite. */
const HIDDEN = -1e4;

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
